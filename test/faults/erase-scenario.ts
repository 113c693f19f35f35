import { expect } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import type { World } from '../chaos/world.js';
import { eventually } from '../support/eventually.js';

const PATIENCE_MS = 60_000;

/** More entries than fit into one batch, so that some are erased and others not when somebody dies. */
export async function eraseUntilDone(world: World, name: string): Promise<void> {
  const [tenantId, personId] = [newId(), newId()];
  await world.rows('insert into tenants (id, slug, name) values ($1, $2, $2)', [tenantId, name]);
  await world.rows(
    `with entries as (insert into audit_entries (tenant_id, id, at, category, action, actor, actor_kind,
         actor_id, subject_kind, subject_id, result, body_text, leaf_hash)
       select $1, gen_random_uuid(), date_trunc('milliseconds', now()), 'access', 'tested', $2, 'user', $3, 'x', 'x', 'allowed',
         '{}', '' from generate_series(1, 1500) returning tenant_id, id, at)
     insert into audit_pending (tenant_id, entry_id, at) select tenant_id, id, at from entries`,
    [tenantId, name, personId],
  );
  await world.rows(
    `insert into audit_erasures (tenant_id, id, person_id, reason, status, requested_by, expires_at,
       confirmed_by, confirmed_at, pseudonym, wake_at)
     values ($1, $2, $3, '', 'confirmed', $4, now(), $5, now(), 'erased-person-0123456789abcdef', now())`,
    [tenantId, newId(), personId, newId(), newId()],
  );
  await eventually(async () => {
    // Whoever held it is dead, and nobody here waits for what is being written.
    const freed = `update audit_erasures set wake_at = least(wake_at, now()),
      lease_until = case when lease_until < now() + interval '25 s' then now() else lease_until end
      where tenant_id = $1 and status = 'confirmed'`;
    await world.rows(freed, [tenantId]);
    const [found] = await world.rows(
      `select status, entries_changed::int as changed, (select count(*)::int from audit_entries e
         where e.tenant_id = $1 and e.actor = $2) as left
       from audit_erasures where tenant_id = $1`,
      [tenantId, name],
    );
    expect(found).toEqual({ status: 'done', changed: 1500, left: 0 });
  }, PATIENCE_MS);
}
