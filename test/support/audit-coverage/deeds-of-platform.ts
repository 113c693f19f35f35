/** What whoever runs the platform does. */
import { type Deed, newName, OF_THE_ANSWER, type Stage } from './deed.js';
import { PLATFORM_TENANT } from '../../../src/tenancy/tenants/platform-tenant.js';
import { ask } from '../../isolation/inhabitant.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/');
const asOperator = ({ operator: { token } }: Stage) => ({ as: { token } });

async function made({ rig, operator }: Stage, path: string, body?: unknown): Promise<string> {
  const asked = { method: 'POST', path: `/api/v1/${path}`, ...(body ? { body } : {}) };
  const answer = await ask(rig.app.whole.url, operator.token, asked);
  if (answer.status > 299) throw new Error(answer.text);
  return answer.body.id as string;
}

const tenant = () => ({ slug: newName('cvt'), name: 'Acme', quotaOverrides: { nodes: 50 } });

/** What of a tenant moves with each verb. */
const stateOf = (view: Record<string, unknown>) => {
  const { status, suspendedAt, suspendedReason, deletedAt, restorableUntil } = view;
  return { status, suspendedAt, suspendedReason, deletedAt, restorableUntil };
};

async function ofTenant(stage: Stage, ...verbs: string[]) {
  const id = await made(stage, 'tenants', tenant());
  for (const verb of verbs) {
    const [method, path, body] =
      verb === 'delete'
        ? (['DELETE', `/api/v1/tenants/${id}`, undefined] as const)
        : (['POST', `/api/v1/tenants/${id}/${verb}`, { reason: 'a test' }] as const);
    await ask(stage.rig.app.whole.url, stage.operator.token, {
      method,
      path,
      ...(body && verb === 'suspend' ? { body } : {}),
    });
  }
  return { path: { id }, tenantId: id, ...asOperator(stage) };
}

const life = (name: string, action: string, verbs: string[], body?: object): Deed => ({
  route: v1(name === 'delete' ? 'DELETE tenants/{id}' : `POST tenants/{id}/${name}`),
  actions: [action],
  ask: async (stage) => {
    const asked = await ofTenant(stage, ...verbs);
    const view = `tenants/${asked.path.id}`;
    return { ...asked, ...(body ? { body } : {}), view, seen: stateOf };
  },
});

const quotas = {
  deploymentsPerMonth: 100,
  deploymentsInFlight: 5,
  modules: 25,
  nodes: 25,
  clusters: 10,
  members: 15,
  keys: 25,
  storageBytes: 10_000_000_000,
  bandwidthBytes: 100_000_000_000,
  websites: 5,
};
const tier = () => ({ name: newName('tier'), quotas, rateMultiplier: 1.5 });
const newTier = (stage: Stage) => made(stage, 'tiers', { ...tier(), id: newName('tier') });
const tierSeen = ({ rateMultiplier, name, quotas: all }: Record<string, unknown>) => ({
  name,
  quotas: all,
  rateMultiplierThousandths: Math.round(Number(rateMultiplier) * 1_000),
});

const account = (verb: string, action: string, body?: object): Deed => ({
  route: v1(`${verb === 'email' ? 'PUT' : 'POST'} platform/users/{id}/${verb}`),
  actions: [action],
  ask: async (stage) => {
    const { userId: id } = await stage.rig.app.whole.member(stage.tenant.id, 'Viewer');
    if (verb === 'enable') await made(stage, `platform/users/${id}/disable`);
    const more = { tenantId: PLATFORM_TENANT.id, ...(body ? { body } : {}) };
    return { path: { id }, view: `platform/users/${id}`, ...more, ...asOperator(stage) };
  },
});

export const deedsOfPlatform: readonly Deed[] = [
  {
    route: v1('POST tenants'),
    actions: ['tenant-created'],
    ask: (stage) => ({
      body: tenant(),
      tenantId: OF_THE_ANSWER,
      subjectId: OF_THE_ANSWER,
      view: (answer) => `tenants/${answer.id}`,
      seen: ({ slug, name, tier: of, quotaOverrides, status }) => ({
        slug,
        name,
        tier: of,
        quotaOverrides,
        status,
      }),
      ...asOperator(stage),
    }),
  },
  {
    route: v1('PUT tenants/{id}'),
    actions: ['tenant-renamed'],
    ask: async (stage) => ({ ...(await ofTenant(stage)), body: { name: 'Acme Holding' } }),
  },
  {
    route: v1('PUT tenants/{id}/subscription'),
    actions: ['tenant-subscribed'],
    ask: async (stage) => {
      const asked = await ofTenant(stage);
      const body = { tier: await newTier(stage), quotaOverrides: { nodes: 3 } };
      const headers = { 'if-match': '"1"' };
      return { ...asked, body, headers, view: `tenants/${asked.path.id}` };
    },
  },
  life('suspend', 'tenant-suspended', [], { reason: 'a test' }),
  life('activate', 'tenant-activated', ['suspend']),
  life('delete', 'tenant-deleted', []),
  life('restore', 'tenant-restored', ['delete']),
  {
    route: v1('POST tiers'),
    actions: ['tier-created'],
    ask: (stage) => ({
      body: { ...tier(), id: newName('tier') },
      seen: tierSeen,
      ...asOperator(stage),
    }),
  },
  {
    route: v1('PUT tiers/{id}'),
    actions: ['tier-changed'],
    ask: async (stage) => ({
      path: { id: await newTier(stage) },
      body: { ...tier(), quotas: { ...quotas, nodes: 26 }, rateMultiplier: 2 },
      seen: tierSeen,
      ...asOperator(stage),
    }),
  },
  {
    route: v1('DELETE tiers/{id}'),
    actions: ['tier-deleted'],
    ask: async (stage) => ({
      path: { id: await newTier(stage) },
      seen: tierSeen,
      ...asOperator(stage),
    }),
  },
  account('disable', 'account-disabled'),
  account('enable', 'account-enabled'),
  account('end-sessions', 'account-signed-out'),
  account('reset-factors', 'account-factors-reset', { reason: 'lost phone' }),
  account('email', 'account-email-set', { email: `${newName('set')}@example.org` }),
  {
    route: v1('PUT rate-limits/{limit}'),
    actions: ['setting-changed'],
    ask: (stage) => ({
      path: { limit: 'account' },
      body: { perMinute: 700, reason: 'a test' },
      view: null,
      subjectId: 'rate-limits.account',
      ...asOperator(stage),
    }),
  },
  {
    route: v1('POST platform/token-signing-keys/rotate'),
    actions: ['token-signing-key-made'],
    ask: (stage) => ({
      body: {},
      view: null,
      subjectId: ({ kid }) => kid,
      ...asOperator(stage),
    }),
  },
];
