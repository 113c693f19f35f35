/** Somebody of another tenant on the same installation, who must neither see nor touch what is here. */
import type { Client } from '../support/client.js';
import type { World } from './world.js';

const NAME = 'neighbour';
const LISTS = ['/deployments?limit=200', '/nodes?limit=200', '/modules?limit=200'];

export async function intrusions(world: World, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const neighbour = await moveIn(world);
  const faults: string[] = [];
  for (const path of LISTS) {
    const { status, body } = await neighbour.get(path);
    if (status !== 200 || body.items.length > 0) {
      faults.push(`I3 ${path} shows the neighbour ${JSON.stringify(body).slice(0, 200)}`);
    }
  }
  for (const id of ids) {
    const at = `/deployments/${id}`;
    const answers = [
      ...(await Promise.all(
        ['', '/events', '/plan', '/explain'].map((of) => neighbour.get(at + of)),
      )),
      await neighbour.post(`${at}/cancel`, { reason: 'not mine' }),
    ];
    const seen = answers.map(({ status }) => status).filter((status) => status !== 404);
    if (seen.length > 0) faults.push(`I3 ${at} answers the neighbour ${seen.join(', ')}`);
  }
  return faults;
}

/** An Admin there, with the password of the one here; once, however often this is asked. */
async function moveIn(world: World): Promise<Client> {
  await world.rows(
    `with made as (insert into tenants (id, slug, name) values (gen_random_uuid(), $1, $1)
       on conflict do nothing returning id),
     person as (insert into users (id, username, username_key, password_hash)
       select gen_random_uuid(), $1, $1, password_hash from users where username = 'admin'
       on conflict do nothing returning id),
     member as (insert into memberships (tenant_id, user_id)
       select made.id, person.id from made, person)
     insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id)
     select made.id, gen_random_uuid(), 'Admin', 'user', person.id from made, person`,
    [NAME],
  );
  return world.client(0, NAME);
}
