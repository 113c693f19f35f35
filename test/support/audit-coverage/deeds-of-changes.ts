/** Deployments and what keeps them from starting. */
import { type Asking, type Deed, newName, OF_THE_ANSWER, type Stage } from './deed.js';
import type { Member } from '../whole-app.js';
import { orders } from '../deployments-app.js';
import { newId } from '../../../src/kernel/ids.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/');

const asAda = ({ ada }: Stage) => ({ as: { token: ada.token } });

/** A deployment of a module of its own, in the state that the verb needs. */
async function deploymentIn(stage: Stage, status: string): Promise<string> {
  const { deploying, rig } = stage;
  const moduleName = newName('mod');
  await deploying.release(moduleName, '1.0.0');
  const id = await deploying.deploy({ moduleName, strategy: { kind: 'direct' } });
  const isOver = ['Succeeded', 'Failed'].includes(status);
  await rig.app.sql(
    `update deployments set status = $2,
       finished_at = case when $3 then clock_timestamp() end where id = $1`,
    [id, status, isOver],
  );
  return id;
}

const verb = (name: string, action: string, status: string): Deed => ({
  route: v1(`POST deployments/{id}/${name}`),
  actions: [action],
  ask: async (stage) => ({
    path: { id: await deploymentIn(stage, status) },
    body: { reason: 'a test' },
    view: null,
    ...asAda(stage),
  }),
});

/** Somebody decides who has not asked. */
async function decided(stage: Stage, body: object): Promise<Asking> {
  const { rig, deploying, ada } = stage;
  await rig.policy(deploying, { name: newName('board') }).catch(() => undefined);
  const { id, subjectDigest } = await rig.pending(deploying);
  const withDigest = 'subjectDigest' in body ? { ...body, subjectDigest } : body;
  return { path: { deploymentId: id }, body: withDigest, view: null, ...byAda(ada), subjectId: id };
}

const byAda = ({ token }: Member) => ({ as: { token } });

const freeze = () => ({
  name: newName('freeze'),
  reason: 'a test',
  environments: ['Staging'],
  verbs: ['start'],
  window: { kind: 'once', from: '2028-01-01T00:00:00Z', to: '2028-01-02T00:00:00Z' },
});

const gate = () => ({
  name: newName('gate'),
  url: 'https://example.com/a/secret/path',
  deadlineMinutes: 60,
});
const gateSeen = ({ name, url, deadlineMinutes }: Record<string, string>) => ({
  name,
  origin: new URL(url!).origin,
  deadlineMinutes,
});

const policy = () => ({
  name: newName('policy'),
  description: 'about',
  environment: 'Staging',
  modules: ['ungated'],
  approvers: { roles: ['Admin'] },
});

/** Ids of others and what stands only in one of both. */
const made = async ({ tenant }: Stage, path: string, body: object) =>
  (await tenant.make('POST', path, body)).id as string;

export const deedsOfChanges: readonly Deed[] = [
  {
    route: v1('POST deployments'),
    actions: ['deployment-created'],
    ask: (stage) => ({
      body: { ...orders, strategy: { kind: 'direct' } },
      view: null,
      ...asAda(stage),
    }),
  },
  verb('pause', 'pause-requested', 'Running'),
  verb('resume', 'resume-requested', 'Paused'),
  verb('cancel', 'cancel-requested', 'Running'),
  {
    ...verb('retry', 'retry-created', 'Failed'),
    ask: async (stage) => ({
      path: { id: await deploymentIn(stage, 'Failed') },
      body: { reason: 'a test' },
      view: null,
      subjectId: OF_THE_ANSWER,
      ...asAda(stage),
    }),
  },
  {
    route: v1('POST approvals/deployments/{deploymentId}/approve'),
    actions: ['approval-given', 'approval-granted'],
    ask: (stage) => decided(stage, { subjectDigest: '', comment: 'go on' }),
  },
  {
    route: v1('POST approvals/deployments/{deploymentId}/reject'),
    actions: ['approval-rejected'],
    ask: (stage) => decided(stage, { reason: 'a test' }),
  },
  {
    route: v1('POST approvals/deployments/{deploymentId}/comment'),
    actions: ['approval-commented'],
    ask: (stage) => decided(stage, { comment: 'a test' }),
  },
  {
    ...verb('rollback', 'rollback-created', 'Succeeded'),
    ask: async (stage) => {
      const { deploying, rig } = stage;
      const moduleName = newName('mod');
      const ids: string[] = [];
      for (const version of ['1.0.0', '2.0.0']) {
        await deploying.release(moduleName, version);
        ids.push(await deploying.deploy({ moduleName, version, strategy: { kind: 'direct' } }));
        await rig.app.sql(
          `update deployments set status = 'Succeeded', finished_at = clock_timestamp() where id = $1`,
          [ids.at(-1)],
        );
      }
      const body = { reason: 'a test', to: ids[0] };
      return { path: { id: ids[1]! }, body, view: null, subjectId: OF_THE_ANSWER, ...asAda(stage) };
    },
  },
  { route: v1('POST freezes'), actions: ['freeze-created'], ask: () => ({ body: freeze() }) },
  {
    route: v1('PUT freezes/{id}'),
    actions: ['freeze-changed'],
    ask: async (stage) => ({
      path: { id: await made(stage, '/freezes', freeze()) },
      body: { ...freeze(), verbs: ['start', 'promote'] },
    }),
  },
  {
    route: v1('DELETE freezes/{id}'),
    actions: ['freeze-removed'],
    ask: async (stage) => ({ path: { id: await made(stage, '/freezes', freeze()) } }),
  },
  {
    route: v1('POST external-gates'),
    actions: ['external-gate-created'],
    ask: () => ({ body: gate(), seen: gateSeen }),
  },
  {
    route: v1('PUT external-gates/{id}'),
    actions: ['external-gate-changed'],
    ask: async (stage) => ({
      path: { id: await made(stage, '/external-gates', gate()) },
      body: { ...gate(), url: 'https://example.org/b' },
      seen: gateSeen,
    }),
  },
  {
    route: v1('DELETE external-gates/{id}'),
    actions: ['external-gate-deleted'],
    ask: async (stage) => ({
      path: { id: await made(stage, '/external-gates', gate()) },
      seen: gateSeen,
    }),
  },
  {
    route: v1('POST external-gates/{id}/rotate-secret'),
    actions: ['external-gate-secret-rotated'],
    ask: async (stage) => ({
      path: { id: await made(stage, '/external-gates', gate()) },
      view: null,
    }),
  },
  {
    route: v1('POST approval-policies'),
    actions: ['approval-policy-changed'],
    ask: () => ({ body: policy(), seen: policyOf }),
  },
  {
    route: v1('PUT approval-policies/{id}'),
    actions: ['approval-policy-changed'],
    ask: async (stage) => {
      const { id, ...there } = await stage.tenant.make('POST', '/approval-policies', policy());
      const { version: _v, createdAt: _c, updatedAt: _u, named: _n, ...rules } = there;
      return { path: { id }, body: { ...rules, reasonRequired: true }, seen: policyOf };
    },
  },
  {
    route: v1('DELETE approval-policies/{id}'),
    actions: ['approval-policy-changed'],
    ask: async (stage) => ({
      path: { id: await made(stage, '/approval-policies', policy()) },
      seen: policyOf,
    }),
  },
  {
    route: v1('PUT kill-switch'),
    actions: ['kill-switch-turned'],
    ask: ({ tenant }) => ({
      body: { isOn: true, reason: 'a test' },
      subjectId: tenant.id,
      seen: switchOf,
    }),
  },
  {
    route: v1('DELETE holds/{id}'),
    actions: ['hold-released'],
    ask: async (stage) => {
      const [id, deployment] = [newId(), await deploymentIn(stage, 'Failed')];
      await stage.rig.app.sql(
        `insert into target_holds (tenant_id, id, cluster_id, module_id, deployment_id, rollback_id,
           reason, placed_by) select tenant_id, $1, cluster_id, module_id, id, id, 'a test', 'ada'
         from deployments where id = $2`,
        [id, deployment],
      );
      return { path: { id }, body: { reason: 'a test' }, view: null, ...asAda(stage) };
    },
  },
];

/** Without the names of its ids. */
const policyOf = ({ named: _, ...rules }: Record<string, unknown>) => rules;

const switchOf = ({ level: _l, isHeldByPlatform: _h, ...state }: Record<string, unknown>) => state;
