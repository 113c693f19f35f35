/** Tiers over real HTTP against the whole API: who has one while it goes away. */
import { newId } from '../../src/kernel/ids.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { TenantDirectory } from '../../src/tenancy/tenants/tenant-directory.js';
import { type Answered, ask } from '../isolation/inhabitant.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { type Member, WholeApp } from '../support/whole-app.js';

let whole: WholeApp;
let operator: Member;
beforeAll(async () => {
  whole = await WholeApp.start({ environment: { TIDEGATE_TRUSTED_PROXIES: '127.0.0.1' } });
  operator = await whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
}, 60_000);
afterAll(() => whole.close());

interface More {
  readonly body?: unknown;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

function send(method: string, path: string, { body, token, headers }: More = {}) {
  const more = { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) };
  const by = token === undefined ? operator.token : token;
  return ask(whole.url, by, { method, path: `/api/v1${path}`, ...more });
}
const post = (path: string, body: unknown = {}, more: More = {}) =>
  send('POST', path, { body, ...more });
const coded = ({ status, body }: Answered) => [status, body?.code];
const version = (number: number) => ({ 'if-match': `"${number}"` });

const sql = <Row extends object>(text: string, parameters: unknown[] = []) =>
  withClient(whole.database.superuser, async (client) => {
    const { rows } = await client.query<Row>(text, parameters);
    return rows;
  });
const actionsOf = async (tenantId: string) =>
  (
    await sql<{ action: string; body_text: string; actor: string }>(
      'select action, body_text, actor from audit_entries where tenant_id = $1 order by at, id',
      [tenantId],
    )
  ).map(({ action, actor, body_text: text }) => ({ action, actor, body: JSON.parse(text) }));

let count = 0;
const slug = () => `life-${(count += 1)}-${newId().slice(-6)}`;
async function made(body: object = {}) {
  const answer = await post('/tenants', { slug: slug(), name: 'Acme', ...body });
  if (answer.status !== 202) throw new Error(answer.text);
  return answer.body as { id: string; slug: string; version: number; status: string };
}

describe('a tier', () => {
  const tier = async () => {
    const { body } = await send('GET', '/tiers/free');
    return { name: `Tier ${newId()}`, quotas: body.quotas, rateMultiplier: 2.5 };
  };

  it('is data: made, changed for all who have it, and deleted when nobody has', async () => {
    const rules = await tier();
    const id = `t${newId().slice(-8)}`;
    expect((await post('/tiers', { id, ...rules })).status).toBe(201);
    expect(coded(await post('/tiers', { id, ...rules }))).toEqual([409, 'tier-exists']);
    const { id: tenantId } = await made({ tier: id });
    const quotas = { ...rules.quotas, nodes: 7 };
    const change = { ...rules, quotas };
    await send('PUT', `/tiers/${id}`, { body: change, headers: version(1) });
    expect(whole.get(TenantDirectory).tierOf(tenantId)).toMatchObject({
      quotas: { nodes: 7 },
      rateMultiplier: 2.5,
    });
    expect(coded(await send('DELETE', `/tiers/${id}`))).toEqual([409, 'tier-in-use']);
    const body = { tier: 'free' };
    await send('PUT', `/tenants/${tenantId}/subscription`, { body, headers: version(1) });
    expect((await send('DELETE', `/tiers/${id}`)).status).toBe(204);
    expect(coded(await send('DELETE', '/tiers/custom'))).toEqual([409, 'tier-built-in']);
    const told = (await actionsOf(PLATFORM_TENANT.id)).map(({ action }) => action);
    expect(told).toEqual(expect.arrayContaining(['tier-created', 'tier-changed', 'tier-deleted']));
  });

  it.each([
    [
      'given to a tenant while it is deleted',
      'update tenants set tier = $1 where id = $2',
      409,
      'tier-in-use',
    ],
    [
      'deleted while it is given to a tenant',
      'delete from tiers where id = $1 and $2 is not null',
      404,
      'tier-not-found',
    ],
  ])('says so when it is %s', async (_, meanwhile, status, code) => {
    const id = `t${newId().slice(-8)}`;
    await post('/tiers', { id, ...(await tier()) });
    const { id: tenantId } = await made();
    const body = { tier: id };
    const asked = await withClient(whole.database.superuser, async (client) => {
      await client.query('begin');
      await client.query(meanwhile.replace('$2 is', '$2::text is'), [id, tenantId]);
      const answer =
        status === 409
          ? send('DELETE', `/tiers/${id}`)
          : send('PUT', `/tenants/${tenantId}/subscription`, { body, headers: version(1) });
      await eventually(async () => {
        const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock'`;
        expect(await sql(waits)).toHaveLength(1);
      });
      await client.query('commit');
      return answer;
    });
    expect(coded(asked)).toEqual([status, code]);
  });

  it('names every quota, and none below zero', async () => {
    const rules = await tier();
    const { nodes: _nodes, ...fewer } = rules.quotas;
    for (const quotas of [fewer, { ...rules.quotas, nodes: -1 }, { ...rules.quotas, cats: 1 }]) {
      expect((await post('/tiers', { id: 'bad', ...rules, quotas })).status).toBe(400);
    }
  });
});
