/** Who is in a tenant and what they may do. */
import { type Deed, newName, OF_THE_ANSWER, type Stage } from './deed.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/');
const idOf = async ({ tenant }: Stage, path: string, body: unknown) =>
  (await tenant.make('POST', path, body)).id as string;

const role = (name = newName('role')) => ({
  name,
  description: 'about',
  permissions: ['deployments:read'],
});
const newRole = (stage: Stage) => idOf(stage, '/roles', role());
const newGroup = (stage: Stage) => idOf(stage, '/groups', { name: newName('group') });
const newAccount = (stage: Stage) =>
  idOf(stage, '/service-accounts', { name: newName('service'), description: 'about' });
const key = () => ({ name: newName('key'), permissions: 'deploy', metadata: { note: 'n' } });
const newKey = (stage: Stage) => idOf(stage, '/access-keys', key());

const binding = async (stage: Stage) => ({
  role: 'Viewer',
  subject: { kind: 'group', id: await newGroup(stage) },
  modules: ['web'],
});

const newMember = async ({ rig, tenant }: Stage) =>
  (await rig.app.whole.member(tenant.id, 'Viewer')).userId;

const clauses = [
  { claim: 'repository_id', oneOf: ['718293104'], label: 'acme/shop' },
  { claim: 'repository_owner_id', oneOf: ['9919'] },
  { claim: 'ref', oneOf: ['refs/heads/main'] },
];
const federated = () => ({
  description: 'about',
  rules: [{ name: 'main', clauses }],
  permissions: 'deploy',
  modules: ['web'],
  environments: ['QA'],
});
const newFederated = (stage: Stage) =>
  idOf(stage, '/federated-identities', {
    ...federated(),
    name: newName('ci'),
    issuerKind: 'github',
    audience: newName('audience'),
  });

const provider = ({ tenant: { values } }: Stage) => ({
  name: newName('provider'),
  issuer: 'https://login.example.com',
  clientId: newName('client'),
  clientSecret: 'never-told-to-anybody',
  admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
  rules: [{ when: null, role: values['roleName'], modules: ['web'] }],
  emergency: { usernames: ['rescuer'], roles: [values['roleName']] },
});
const newProvider = (stage: Stage) => idOf(stage, '/identity-providers', provider(stage));

const keyView = 'access-keys';

export const deedsOfTenants: readonly Deed[] = [
  { route: v1('POST roles'), actions: ['role-created'], ask: () => ({ body: role() }) },
  {
    route: v1('PUT roles/{id}'),
    actions: ['role-changed'],
    ask: async (stage) => ({
      path: { id: await newRole(stage) },
      body: { ...role(), permissions: ['fleet:read', 'deployments:read'] },
    }),
  },
  {
    route: v1('DELETE roles/{id}'),
    actions: ['role-deleted'],
    ask: async (stage) => ({ path: { id: await newRole(stage) } }),
  },
  {
    route: v1('POST role-bindings'),
    actions: ['role-given'],
    ask: async (stage) => {
      const body = await binding(stage);
      return { body, subjectId: OF_THE_ANSWER, ...bindingOf(body.subject.id) };
    },
  },
  {
    route: v1('DELETE role-bindings/{id}'),
    actions: ['role-taken'],
    ask: async (stage) => {
      const body = await binding(stage);
      const id = await idOf(stage, '/role-bindings', body);
      return { path: { id }, ...bindingOf(body.subject.id) };
    },
  },
  {
    route: v1('POST groups'),
    actions: ['group-created'],
    ask: () => ({ body: { name: newName('group'), description: 'about' } }),
  },
  {
    route: v1('PUT groups/{id}'),
    actions: ['group-changed'],
    ask: async (stage) => ({
      path: { id: await newGroup(stage) },
      body: { name: newName('group'), description: 'another' },
    }),
  },
  {
    route: v1('DELETE groups/{id}'),
    actions: ['group-deleted'],
    ask: async (stage) => ({ path: { id: await newGroup(stage) } }),
  },
  {
    route: v1('POST groups/{id}/members'),
    actions: ['group-member-added'],
    ask: async (stage) => {
      const [id, userId] = [await newGroup(stage), await newMember(stage)];
      return { path: { id }, body: { userId }, ...memberOf(id, userId) };
    },
  },
  {
    route: v1('DELETE groups/{id}/members/{userId}'),
    actions: ['group-member-removed'],
    ask: async (stage) => {
      const [id, userId] = [await newGroup(stage), await newMember(stage)];
      await stage.tenant.make('POST', `/groups/${id}/members`, { userId });
      return { path: { id, userId }, ...memberOf(id, userId) };
    },
  },
  {
    route: v1('PUT users/{id}/roles'),
    actions: ['user-roles-changed'],
    ask: async (stage) => {
      const id = await newMember(stage);
      const seen = ({ roles }: { roles: unknown }) => ({ roles });
      const body = { roles: [{ role: 'Deployer', modules: ['web'] }] };
      return { path: { id }, body, view: `users/${id}`, seen };
    },
  },
  {
    route: v1('DELETE users/{id}'),
    actions: ['user-removed'],
    ask: async (stage) => ({ path: { id: await newMember(stage) } }),
  },
  {
    route: v1('POST service-accounts'),
    actions: ['service-account-created'],
    ask: () => ({ body: { name: newName('service'), description: 'about' } }),
  },
  {
    route: v1('PUT service-accounts/{id}'),
    actions: ['service-account-changed'],
    ask: async (stage) => ({
      path: { id: await newAccount(stage) },
      body: { name: newName('service'), description: 'another' },
    }),
  },
  {
    route: v1('DELETE service-accounts/{id}'),
    actions: ['service-account-deleted'],
    ask: async (stage) => ({ path: { id: await newAccount(stage) } }),
  },
  {
    route: v1('POST service-accounts/{id}/disable'),
    actions: ['service-account-disabled'],
    ask: async (stage) => {
      const id = await newAccount(stage);
      return { path: { id }, view: `service-accounts/${id}` };
    },
  },
  {
    route: v1('POST service-accounts/{id}/enable'),
    actions: ['service-account-enabled'],
    ask: async (stage) => {
      const id = await newAccount(stage);
      await stage.tenant.make('POST', `/service-accounts/${id}/disable`);
      return { path: { id }, view: `service-accounts/${id}` };
    },
  },
  {
    route: v1('POST service-accounts/{id}/access-keys'),
    actions: ['access-key-created'],
    ask: async (stage) => {
      const id = await newAccount(stage);
      const name = newName('role');
      await stage.tenant.make('POST', '/role-bindings', {
        role: 'Deployer',
        subject: { kind: 'service-account', id },
      });
      const view = (answer: { id: string }) => `${keyView}/${answer.id}`;
      return { path: { id }, body: { ...key(), name }, view, subjectId: OF_THE_ANSWER };
    },
  },
  { route: v1('POST access-keys'), actions: ['access-key-created'], ask: () => ({ body: key() }) },
  {
    route: v1('POST access-keys/{id}/rotate'),
    actions: ['access-key-rotated'],
    ask: async (stage) => ({
      path: { id: await newKey(stage) },
      body: { overlapSeconds: 60 },
      view: (answer) => `${keyView}/${answer.id}`,
      subjectId: OF_THE_ANSWER,
    }),
  },
  {
    route: v1('DELETE access-keys/{id}'),
    actions: ['access-key-revoked'],
    ask: async (stage) => ({
      path: { id: await newKey(stage) },
      seen: ({ revokedAt }) => ({ revokedAt }),
    }),
  },
  {
    route: v1('POST federated-identities'),
    actions: ['federated-identity-created'],
    ask: () => ({
      body: {
        ...federated(),
        name: newName('ci'),
        issuerKind: 'github',
        audience: newName('audience'),
      },
    }),
  },
  {
    route: v1('PUT federated-identities/{id}'),
    actions: ['federated-identity-replaced'],
    ask: async (stage) => ({
      path: { id: await newFederated(stage) },
      body: { ...federated(), description: 'another', modules: ['web', 'shop'] },
    }),
  },
  {
    route: v1('DELETE federated-identities/{id}'),
    actions: ['federated-identity-deleted'],
    ask: async (stage) => ({ path: { id: await newFederated(stage) } }),
  },
  {
    route: v1('POST federated-identities/{id}/disable'),
    actions: ['federated-identity-disabled'],
    ask: async (stage) => {
      const id = await newFederated(stage);
      return { path: { id }, view: `federated-identities/${id}` };
    },
  },
  {
    route: v1('POST federated-identities/{id}/enable'),
    actions: ['federated-identity-enabled'],
    ask: async (stage) => {
      const id = await newFederated(stage);
      await stage.tenant.make('POST', `/federated-identities/${id}/disable`);
      return { path: { id }, view: `federated-identities/${id}` };
    },
  },
  {
    route: v1('POST identity-providers'),
    actions: ['identity-provider-created'],
    ask: (stage) => ({ body: provider(stage) }),
  },
  {
    route: v1('PUT identity-providers/{id}'),
    actions: ['identity-provider-changed'],
    ask: async (stage) => {
      const { id, ...there } = await stage.tenant.make(
        'POST',
        '/identity-providers',
        provider(stage),
      );
      const {
        version: _v,
        createdAt: _c,
        updatedAt: _u,
        hasSecret: _h,
        redirectUri: _r,
        ...rules
      } = there;
      return {
        path: { id },
        body: { ...rules, name: newName('provider'), clientId: newName('client') },
      };
    },
  },
  {
    route: v1('DELETE identity-providers/{id}'),
    actions: ['identity-provider-deleted'],
    ask: async (stage) => ({ path: { id: await newProvider(stage) } }),
  },
  {
    route: v1('POST identity-providers/{id}/domains'),
    actions: ['domain-claimed'],
    ask: async (stage) => ({
      path: { id: await newProvider(stage) },
      body: { domain: `${newName('d')}.example` },
      view: null,
      subjectId: OF_THE_ANSWER,
    }),
  },
  {
    route: v1('DELETE identity-providers/{id}/domains/{domainId}'),
    actions: ['domain-removed'],
    ask: async (stage) => {
      const id = await newProvider(stage);
      const domain = `${newName('d')}.example`;
      const domainId = await idOf(stage, `/identity-providers/${id}/domains`, { domain });
      return { path: { id, domainId }, view: null, subjectId: domainId };
    },
  },
  {
    route: v1('PUT security-policy'),
    actions: ['security-policy-changed'],
    ask: ({ tenant }) => ({
      body: { mfaRequiredRoles: ['Operator'], allowedNetworks: ['10.0.0.0/8', '127.0.0.0/8'] },
      subjectId: tenant.id,
    }),
  },
  {
    route: v1('POST directory-tokens'),
    actions: ['directory-token-created'],
    ask: async ({ tenant }) => {
      const { items } = await tenant.make('GET', '/directory-tokens');
      for (const { id } of items) await tenant.make('DELETE', `/directory-tokens/${id}`);
      return { body: { name: newName('directory') }, view: null };
    },
  },
  {
    route: v1('POST directory-tokens/{id}/rotate'),
    actions: ['directory-token-rotated'],
    ask: async (stage) => ({
      path: { id: await presentDirectory(stage) },
      body: { overlapSeconds: 60 },
      view: null,
      subjectId: OF_THE_ANSWER,
    }),
  },
  {
    route: v1('DELETE directory-tokens/{id}'),
    actions: ['directory-token-revoked'],
    ask: async (stage) => ({ path: { id: await presentDirectory(stage) }, view: null }),
  },
  {
    route: v1('POST users/invitations'),
    actions: ['user-invited'],
    ask: () => ({
      body: { email: `${newName('guest')}@example.org`, roles: [{ role: 'Viewer' }] },
      view: null,
    }),
  },
  {
    route: v1('POST users/invitations/{id}/resend'),
    actions: ['invitation-resent'],
    ask: async (stage) => ({ path: { id: await newInvitation(stage) } }),
  },
  {
    route: v1('DELETE users/invitations/{id}'),
    actions: ['invitation-revoked'],
    ask: async (stage) => ({ path: { id: await newInvitation(stage) }, view: null }),
  },
];

const newInvitation = (stage: Stage) =>
  idOf(stage, '/users/invitations', {
    email: `${newName('guest')}@example.org`,
    roles: [{ role: 'Viewer' }],
  });

async function presentDirectory({ tenant }: Stage): Promise<string> {
  const { items } = await tenant.make('GET', '/directory-tokens');
  return items.findLast((token: { state?: string; revokedAt: unknown }) => !token.revokedAt).id;
}

/** Of the list of members: there is no page of one. */
function memberOf(groupId: string, userId: string) {
  return {
    view: `groups/${groupId}/members?limit=200`,
    seen: ({ items }: { items: { id: string }[] }) => items.find(({ id }) => id === userId),
  };
}

function bindingOf(groupId: string) {
  return {
    view: 'role-bindings?limit=200',
    seen: ({ items }: { items: { subject: { id: string } }[] }) =>
      items.find(({ subject }) => subject.id === groupId),
  };
}
