/** A tenant in which some hold roles for some modules and environments only, and how they are tried from outside of it. */
import { expect } from '@jest/globals';
import { newId } from '../../../src/kernel/ids.js';
import { type Answer, DeploymentsApp, type DeployingTenant, orders } from '../deployments-app.js';
import { HubClient } from '../hub-client.js';
import { makePolicies } from '../policy-scope-cases.js';
import { scopedMember } from '../scoped-member.js';
import type { Member } from '../whole-app.js';

/** `orders` in QA is in everybody's scope, `billing` in Staging is in nobody's. */
export const there = { moduleName: 'billing', version: '1.0.0', targetEnvironment: 'Staging' };

export let app: DeploymentsApp;
export let tenant: DeployingTenant;
/** Admin for `orders` in QA; Admin in QA; Viewer everywhere and Deployer for `orders` in QA. */
export let ofModule: Member, ofEnvironment: Member, watcher: Member, decider: Member;
export let inside: string, outside: string;
export const nodes = { inside: '', outside: '' };
export const clusters = { inside: '', outside: '' };
export const freezes = { inside: '', outside: '' };
export const holds = { inside: '', outside: '' };

export async function startScopes(): Promise<void> {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme');
  await tenant.release('billing', '1.0.0');
  await tenant.nodes('Staging', 3);
  const { whole } = app;
  const scope = { modules: ['orders'], environments: ['qa'] };
  ofModule = await scopedMember(whole, tenant.id, { role: 'Admin', ...scope });
  ofEnvironment = await scopedMember(whole, tenant.id, { role: 'Admin', environments: ['QA'] });
  const watching = { role: 'Viewer' } as const;
  watcher = await scopedMember(whole, tenant.id, watching, { role: 'Deployer', ...scope });
  decider = await scopedMember(whole, tenant.id, watching, { role: 'Admin', ...scope });
  inside = await tenant.deploy();
  outside = await tenant.deploy(there);
  await makePolicies({ asAdmin: ({ path, ...call }) => tenant.as('Admin', path, call) });
  for (const [key, name] of [
    ['inside', 'QA'],
    ['outside', 'Staging'],
  ] as const) {
    const list = `?environment=${name}&limit=1`;
    nodes[key] = (await tenant.as('Admin', `/nodes${list}`)).body.items[0].id;
    clusters[key] = (await tenant.as('Admin', `/clusters${list}`)).body.items[0].id;
    const frozen = { method: 'POST', body: freeze(name) };
    freezes[key] = (await tenant.as('Admin', '/freezes', frozen)).body.id;
    holds[key] = newId();
    await app.sql(
      `insert into target_holds (tenant_id, id, cluster_id, module_id, deployment_id, rollback_id, placed_by)
       select tenant_id, $2, $3, module_id, id, id, 'test' from deployments where id = $1`,
      [inside, holds[key], clusters[key]],
    );
  }
}

export const stopScopes = () => app?.close();

/** To come, and of nothing that this file does. */
export const freeze = (environment: string) => ({
  name: `freeze of ${environment} ${newId()}`,
  reason: 'a test',
  environments: [environment],
  verbs: ['approve'],
  window: {
    kind: 'once',
    from: new Date(Date.now() + 3_600_000).toISOString(),
    to: new Date(Date.now() + 7_200_000).toISOString(),
  },
});

export interface Sent {
  readonly by: () => Member;
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export async function send({
  by,
  path,
  method = 'GET',
  body,
  headers = {},
}: Sent): Promise<Answer> {
  const response = await fetch(`${app.whole.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${by().token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

/** What of an answer could tell one thing that is not there from another. */
export const toldIn = ({ status, body }: Answer) => {
  const { id: _id, instance: _instance, ...told } = body as Record<string, unknown>;
  return { status, told };
};

/** `path(…)` of what is out of reach gets the answer of what never was; of the other, another one. */
export const notFound =
  (sent: (at: { inside?: boolean; id: string }) => Sent, ids: () => readonly [string, string]) =>
  async () => {
    const [mine, theirs] = ids();
    const refused = toldIn(await send(sent({ id: theirs })));
    expect(refused).toMatchObject({ status: 404 });
    expect(refused).toEqual(toldIn(await send(sent({ id: newId() }))));
    expect((await send(sent({ id: mine, inside: true }))).status).not.toBe(404);
  };

/** Says which permission for what, before anything else; in reach it is not refused. */
export const missing = (sent: (isInside: boolean) => Sent, details: object) => async () => {
  const refused = await send(sent(false));
  expect({ status: refused.status, code: refused.body.code }).toEqual({
    status: 403,
    code: 'permission-missing',
  });
  expect(refused.body.details).toMatchObject(details);
  expect((await send(sent(true))).status).not.toBe(403);
};

export const lists =
  (sent: Sent, told: (body: { items: never[] }) => unknown, expected: () => unknown) =>
  async () => {
    const answer = await send(sent);
    expect(answer.status).toBe(200);
    expect(told(answer.body)).toEqual(expected());
  };

export const deployments = () => [inside, outside] as const;
export const byModule = () => ofModule;
export const byEnvironment = () => ofEnvironment;
export const reading = (rest: string) =>
  notFound(({ id }) => ({ by: byModule, path: `/deployments/${id}${rest}` }), deployments);

/** Whoever may not read it finds nothing; whoever may is told what is missing. */
export const verb = (name: string) => async () => {
  const sent = (by: () => Member, id: string): Sent => ({
    by,
    path: `/deployments/${id}/${name}`,
    method: 'POST',
    body: { reason: 'a test' },
  });
  await notFound(({ id }) => sent(byModule, id), deployments)();
  const details = {
    permission: `deployments:${name}`,
    module: 'billing',
    environment: 'Staging',
    roles: expect.arrayContaining(['Admin']),
  };
  await missing((isInside) => sent(() => watcher, isInside ? inside : outside), details)();
};

/** Of what is asked, and by whom it may be answered. */
export const decision = (name: string, body: object) =>
  notFound(
    ({ id }) => ({
      by: byModule,
      path: `/approvals/deployments/${id}/${name}`,
      method: 'POST',
      body,
    }),
    deployments,
  );

export const creating = (path: string) =>
  missing(
    (isInside) => ({
      by: byModule,
      path,
      method: 'POST',
      body: isInside ? orders : { ...there, version: 'no-such' },
    }),
    { permission: 'deployments:create', module: 'billing', environment: 'Staging' },
  );

export const rules = async (name: string) => {
  const { body } = await tenant.as('Admin', `/environments/${name}`);
  const { id: _i, name: _n, version, createdAt: _c, hasApprovalPolicies: _h, ...given } = body;
  return { version: String(version), given };
};

export const node = (rest: string, method: string) => async () => {
  const sent = ({ id }: { id: string }) => ({
    by: byEnvironment,
    path: `/nodes/${id}${rest}`,
    method,
  });
  await notFound(sent, () => [nodes.inside, nodes.outside])();
  const { body } = await tenant.as('Admin', `/nodes/${nodes.outside}`);
  expect(body.state).toBe('Healthy');
};

export async function pushed(module: string): Promise<Answer> {
  const form = new FormData();
  form.append('version', '9.9.9');
  const response = await fetch(`${app.whole.url}/api/v1/modules/${module}/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ofModule.token}` },
    body: form,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function hub(member: Member): Promise<HubClient> {
  return new HubClient(app.whole.socket({ token: member.token })).connect();
}

export const approval = (rest: string) =>
  notFound(
    ({ id }) => ({ by: byModule, path: `/approvals/deployments/${id}${rest}` }),
    () => [inside, outside],
  );

export const deciding = (rest: string, body?: object) =>
  notFound(
    ({ id }) => ({
      by: byModule,
      path: `/approvals/deployments/${id}/${rest}`,
      ...(body === undefined ? {} : { method: 'POST', body }),
    }),
    deployments,
  );

/** What is of the whole tenant is not for whoever manages policies of one environment. */
export const ofWholeTenant =
  ({ path, ...sent }: Omit<Sent, 'by'>) =>
  async () => {
    const refused = await send({ ...sent, path, by: byEnvironment });
    expect([refused.status, refused.body.code]).toEqual([403, 'permission-missing']);
    const { status } = await tenant.as('Admin', path, sent);
    expect(status).not.toBe(403);
  };
