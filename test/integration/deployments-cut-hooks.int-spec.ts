/** Nodes whose hook was cut off, as rows: what the API and the engine make of them. */
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;
let tenants = 0;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
beforeEach(async () => {
  tenants += 1;
  tenant = await app.tenant(`tenant-${tenants}`, 3);
});
afterAll(() => app?.close());

async function report(state: string, nodes = '%'): Promise<void> {
  await app.sql(
    `insert into observed_modules (tenant_id, node_id, module_id, generation, state, running, reason)
     select d.tenant_id, d.node_id, d.module_id, d.generation, $1::text, '[]',
       case when $1 = 'outcome-unknown' then
         '{"code": "hook-outcome-unknown", "message": "The hook \\"start\\" was cut off."}'::jsonb end
     from desired_modules d join nodes n on n.id = d.node_id
     where d.tenant_id = $3 and n.name like $2
     on conflict (tenant_id, node_id, module_id) do update
       set state = excluded.state, generation = excluded.generation, reason = excluded.reason`,
    [state, nodes, tenant.id],
  );
}

const show = async (id: string) => (await tenant.get(`/deployments/${id}`)).body;
const resume = (id: string, body: object = {}) => tenant.post(`/deployments/${id}/resume`, body);
const generations = async () =>
  (
    await app.sql<{ line: string }>(
      `select n.name || ' ' || d.generation || ' ' || coalesce(
         d.releases->0->'hookAnswer'->>'outcome', '-') as line
       from desired_modules d join nodes n on n.id = d.node_id where d.tenant_id = $1 order by 1`,
      [tenant.id],
    )
  ).map(({ line }) => line);

async function act(id: string) {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
  return show(id);
}

/** Two of three nodes run it; on these the hook was cut off. */
async function cutOn(nodes: string): Promise<string> {
  const id = await tenant.deploy({ strategy: { kind: 'direct' } });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  await report('healthy');
  await report('outcome-unknown', nodes);
  return id;
}

it('stops for a person, and says where and what to look for', async () => {
  const id = await cutOn('node-0002');
  const stopped = await act(id);
  expect(stopped).toMatchObject({ status: 'Paused', waitingOn: { kind: 'attention' } });
  expect(stopped.reason).toMatch(/^node node-0002: The hook "start" was cut off\./);
  expect(stopped.reason).toContain('resume with the outcome "done"');
});

it('tells only the nodes where it was cut off, under the next generation', async () => {
  const id = await cutOn('node-0002');
  await act(id);
  await resume(id, { outcome: 'done', reason: 'looked' });
  const waiting = await act(id);
  expect(waiting).toMatchObject({ status: 'Running', waitingOn: { kind: 'converge' } });
  expect(await generations()).toEqual(['node-0001 1 -', 'node-0002 2 done', 'node-0003 1 -']);
  // The node still says what it said before it has fetched the answer.
  expect(await act(id)).toMatchObject({ status: 'Running', waitingOn: { kind: 'converge' } });
  expect(await generations()).toContain('node-0002 2 done');
  await report('healthy');
  expect((await act(id)).status).not.toBe('Paused');
});

it('is answered node by node when they are named', async () => {
  const id = await cutOn('node-000_');
  await act(id);
  await resume(id, { outcome: 'done', reason: 'there', node: 'node-0001' });
  // It stops again for those that nobody has answered for.
  const again = await act(id);
  expect(again).toMatchObject({ status: 'Running' });
  expect(await generations()).toEqual(['node-0001 2 done', 'node-0002 1 -', 'node-0003 1 -']);
  expect(await act(id)).toMatchObject({ status: 'Paused', waitingOn: { kind: 'attention' } });
  await resume(id, { outcome: 'retry', reason: 'not there' });
  await act(id);
  expect(await generations()).toEqual([
    'node-0001 2 done',
    'node-0002 2 retry',
    'node-0003 2 retry',
  ]);
});

it('needs an answer, but only where there is a question', async () => {
  const id = await cutOn('node-0002');
  await act(id);
  expect(await resume(id)).toMatchObject({ status: 409, body: { code: 'hook-outcome-needed' } });
  expect(await resume(id, { outcome: 'done', reason: 'x', node: 'node-0001' })).toMatchObject({
    status: 409,
    body: { code: 'no-hook-to-answer', details: { nodes: ['node-0002'] } },
  });
  await report('healthy');
  expect(await resume(id, { outcome: 'done', reason: 'x' })).toMatchObject({
    status: 409,
    body: { code: 'no-hook-to-answer', details: { nodes: [] } },
  });
  expect((await resume(id)).status).toBe(202);
});

it.each<[string, object]>([
  ['an outcome without a reason', { outcome: 'done' }],
  ['an unknown outcome', { outcome: 'maybe', reason: 'x' }],
  ['a node without an outcome', { node: 'node-0001', reason: 'x' }],
  ['an unknown field', { force: true }],
])('is refused with %s', async (_, body) => {
  const id = await cutOn('node-0002');
  await act(id);
  expect((await resume(id, body)).status).toBe(400);
});

it('is audited with its outcome and reason', async () => {
  const id = await cutOn('node-0002');
  await act(id);
  await resume(id, { outcome: 'retry', reason: 'nothing was written' });
  const [entry] = await app.sql<{ entry: object }>(
    `select to_jsonb(a) as entry from audit_entries a where subject_id = $1 and action = 'resume-requested'`,
    [id],
  );
  expect(JSON.stringify(entry)).toMatch(/outcome[^a-z]+retry/);
  expect(JSON.stringify(entry)).toContain('nothing was written');
});

it('ends the way back, where nobody is asked', async () => {
  const id = await cutOn('node-0002');
  await act(id);
  await tenant.post(`/deployments/${id}/cancel`, {});
  await act(id);
  expect(await show(id)).toMatchObject({ status: 'RollingBack' });
  await report('outcome-unknown', 'node-0002');
  expect(await act(id)).toMatchObject({ status: 'RollbackFailed' });
});
