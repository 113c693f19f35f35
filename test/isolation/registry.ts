/**
 * Which thing of a tenant each place in a request names. A place that stands in none of these lists fails the
 * test with a sentence that says where to write it.
 */
import type { Operation, Place } from './operations.js';

/** What is named by a path's parameter, by the word before it. */
const byPath: Readonly<Record<string, string>> = {
  deployments: 'deployment',
  modules: 'module',
  freezes: 'freeze',
  holds: 'hold',
  releases: 'version',
  configurations: 'environment',
  environments: 'environment',
  clusters: 'cluster',
  nodes: 'node',
  'signing-keys': 'signingKey',
  'access-keys': 'accessKey',
  'directory-tokens': 'directoryToken',
  'directory-users': 'directoryUser',
  artifacts: 'artifactDigest',
  groups: 'group',
  members: 'user',
  users: 'user',
  invitations: 'invitation',
  sessions: 'session',
  totp: 'factor',
  passkeys: 'passkey',
  roles: 'role',
  'role-bindings': 'roleBinding',
  'approval-policies': 'approvalPolicy',
  subscriptions: 'subscription',
  'service-accounts': 'serviceAccount',
  'federated-identities': 'federatedIdentity',
  'identity-providers': 'identityProvider',
  domains: 'claimedDomain',
  oidc: 'identityProvider',
  identities: 'identityProvider',
  'external-gates': 'externalGate',
  external: 'externalGate',
  channels: 'channel',
  deliveries: 'delivery',
  approvals: 'deployment',
  authentication: 'username',
  'audit-logs': 'auditEntry',
  erasures: 'erasure',
  streams: 'auditStream',
  trace: 'trace',
};

/** What is named by a field of a query, a header or a body, by its last word. */
const byField: Readonly<Record<string, string>> = {
  environment: 'environment',
  targetEnvironment: 'environment',
  environments: 'environment',
  module: 'module',
  moduleName: 'module',
  modules: 'module',
  moduleId: 'moduleId',
  releaseId: 'releaseId',
  configurationId: 'configurationId',
  cluster: 'clusterName',
  node: 'nodeName',
  version: 'version',
  keyId: 'signingKey',
  keyName: 'signingKeyName',
  publicKey: 'publicKey',
  expectedArtifactDigest: 'artifactDigest',
  'X-Artifact-Digest': 'artifactDigest',
  'Idempotency-Key': 'idempotencyKey',
  username: 'username',
  userId: 'user',
  personId: 'user',
  person: 'user',
  groupId: 'group',
  role: 'roleName',
  tenant: 'tenantSlug',
  identity: 'federatedIdentityName',
  email: 'email',
  audience: 'audience',
  cursor: 'cursor',
  group: 'groupName',
  usernames: 'username',
  roles: 'roleName',
  groups: 'group',
  users: 'user',
  domain: 'domain',
  deploymentId: 'deployment',
  channelId: 'channel',
  deployment: 'deployment',
  release: 'releaseId',
  actor: 'username',
  createdBy: 'username',
  requestedBy: 'username',
};

/** Whose `name` a body gives to something new, by the last word of the path. */
const byNewName: Readonly<Record<string, string>> = {
  environments: 'environment',
  clusters: 'clusterName',
  'signing-keys': 'signingKeyName',
  'access-keys': 'accessKeyName',
  'directory-tokens': 'directoryTokenName',
  'enrollment-tokens': 'nodeName',
  groups: 'groupName',
  freezes: 'freezeName',
  roles: 'roleName',
  'approval-policies': 'approvalPolicyName',
  'service-accounts': 'serviceAccountName',
  'federated-identities': 'federatedIdentityName',
  'identity-providers': 'identityProviderName',
  'external-gates': 'externalGateName',
  channels: 'channelName',
  streams: 'auditStreamName',
  totp: 'factorName',
  passkeys: 'factorName',
};

/** `strategy.kind` beside it, or something else left out: what else a place needs to be looked at. */
export interface Variant {
  readonly kind: string;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly drop?: readonly string[];
}

/** A key is a word of the product: every tenant has the same. */
const SETTING_ROUTES = [
  'GET /api/v1/settings/{key}',
  'PUT /api/v1/settings/{key}',
  'DELETE /api/v1/settings/{key}',
  'GET /api/v1/settings/{key}/history',
];

/** Places that name one kind of things or another, or need something else in the body. */
const variants: Readonly<Record<string, readonly Variant[]>> = {
  'POST /api/v1/deployments/{id}/rollback to': [{ kind: 'deployment' }],
  'POST /api/v1/modules/{name}/releases keyId': [
    { kind: 'signingKey', set: { signature: 'A'.repeat(86) }, drop: ['keyName'] },
  ],
  'POST /api/v1/modules/{name}/releases keyName': [
    { kind: 'signingKeyName', set: { signature: 'A'.repeat(86) }, drop: ['keyId'] },
  ],
  'POST /api/v1/role-bindings subject.id': [
    { kind: 'group', drop: ['subject.name'] },
    { kind: 'user', set: { 'subject.kind': 'user' }, drop: ['subject.name'] },
    { kind: 'serviceAccount', set: { 'subject.kind': 'service-account' }, drop: ['subject.name'] },
  ],
  'POST /api/v1/role-bindings subject.name': [
    { kind: 'groupName' },
    { kind: 'username', set: { 'subject.kind': 'user' } },
    { kind: 'serviceAccountName', set: { 'subject.kind': 'service-account' } },
  ],
  'GET /api/v1/role-bindings subjectId': [
    { kind: 'group' },
    { kind: 'user' },
    { kind: 'serviceAccount' },
  ],
  'POST /api/v1/identity-providers rules.[].group': [{ kind: 'groupName', drop: ['rules.0.role'] }],
  'PUT /api/v1/identity-providers/{id} rules.[].group': [
    { kind: 'groupName', drop: ['rules.0.role'] },
  ],
  'DELETE /api/v1/me/identities/{id} id': [{ kind: 'externalIdentity' }],
  ...Object.fromEntries(SETTING_ROUTES.map((route) => [`${route} key`, []])),
  'GET /api/v1/audit-logs subject': [{ kind: 'deployment' }, { kind: 'username' }],
  'GET /api/v1/audit-logs/export subject': [{ kind: 'deployment' }, { kind: 'username' }],
  'GET /api/v1/audit-logs/export before': [{ kind: 'auditEntry' }],
  'GET /api/v1/directory-users text': [{ kind: 'directoryUserName' }],
  'GET /api/v1/users text': [{ kind: 'username' }, { kind: 'email' }],
  // A word of the product.
  'GET /api/v1/notification-templates/{event}/preview event': [],
  'POST /api/v1/groups/{id}/members userId': [{ kind: 'user', drop: ['username'] }],
  'POST /api/v1/groups/{id}/members username': [{ kind: 'username', drop: ['userId'] }],
};

/** Examples that are not enough: what a whole request has besides. */
export const completions: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'POST /api/v1/agent/report': {
    bootId: 'boot',
    revision: 0,
    'observed.[].down': [
      {
        releaseId: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
        configurationId: null,
        code: 'x',
        message: 'x',
      },
    ],
  },
};

/** Makes something by a name that the path gives. */
const MAKES_BY_PATH = ['POST /api/v1/modules/{name}/releases'];

/** Fields that name nothing of a tenant's, and why. */
const plain: Readonly<Record<string, readonly string[]>> = {
  'The caller’s own words, kept as they are.': [
    'reason',
    'comment',
    'description',
    'displayName',
    'currentPassword',
    'newPassword',
    'metadata.*',
    'labels.*',
    'values.*',
    'manifest',
    'password',
  ],
  'Words of the product.': [
    'strategy.kind',
    'kind',
    'event',
    'gate.kind',
    'allowedStrategies.[]',
    'strategies.[]',
    'targetKind',
    'prefix',
    'scope',
    'onlySet',
    'open',
    'value',
    'category',
    'action',
    'outcome',
  ],
  'A place in the tree of whoever asks, or a trace, of nobody.': [
    'level',
    'a',
    'b',
    'c',
    'd',
    'trace',
    'traceId',
  ],
  'A place in a list, a version of what the path names, or a time to wait.': [
    'limit',
    'after',
    'waitMs',
    'nonce',
    'If-Match',
    'step',
  ],
  'Where a channel leads, and for how long it signs by two secrets.': [
    'params.url',
    'params.to.[]',
    'secrets.url',
    'secrets.authorization',
    'overlapMinutes',
    'url',
    'authorization',
    'start',
    'categories.[]',
  ],
  'Days, and how an answer looks.': ['from', 'to', 'since', 'until', 'by', 'format'],
  'Times, and a rule for them.': [
    'at',
    'startAt',
    'expiresAt',
    'window.from',
    'window.to',
    'window.rule',
    'window.start',
    'window.duration',
    'window.timeZone',
  ],
  'Words that are looked for among what the caller may read.': ['text'],
  'What an instance or a hook of the node itself has printed, and which.': ['source', 'lines.[]'],
  'Words out of a list that the document writes as texts.': ['status', 'state', 'sort'],
  'What an issuer calls us, and where a browser comes back to.': [
    'clientId',
    'scopes.[]',
    'redirect',
    'redirectUri',
  ],
  'Networks, of nobody.': ['trustedProxies.[]', 'allowedNetworks.[]'],
  'A signature is checked, never looked up.': ['signature'],
  'An external gate of a policy: there is none of anybody yet.': ['external.gateId'],
  'What somebody has looked at: compared with what is there, never looked up.': ['subjectDigest'],
  'An address outside.': ['url'],
  'What is compared with the claims of a token; the issuer is of the outside.': [
    'issuer',
    'when.value',
    'admissions.[].value',
    'claims.username',
    'claims.email',
    'claims.emailVerified',
    'claims.displayName',
    'factor.amr.[]',
    'factor.acr.[]',
    'rules.[].name',
    'claim',
    'oneOf.[]',
    'label',
  ],
  'Who holds it is let in: the secret itself, not a name.': [
    'token',
    'subject_token',
    'grant_type',
    'subject_token_type',
    'requested_token_type',
    'totp',
    'clientSecret',
    'code',
    'verifier',
    'challenge',
    'ticket',
    'recoveryCode',
    'passkey.id',
    'passkey.rawId',
    'passkey.authenticatorAttachment',
    'passkey.response.clientDataJSON',
    'passkey.response.authenticatorData',
    'passkey.response.attestationObject',
    'passkey.response.userHandle',
    'passkey.response.transports.[]',
  ],
  'Domains, of nobody.': ['emailDomains.[]'],
  'What a node says of itself.': [
    'bootId',
    'agentVersion',
    'instance',
    'code',
    'message',
    'endpoints.[]',
  ],
};

function platformUsers(): Record<string, string> {
  const routes = ['GET ', 'GET /{id}', 'POST /{id}/disable', 'POST /{id}/enable'];
  routes.push('POST /{id}/end-sessions', 'PUT /{id}/email', 'POST /{id}/reset-factors');
  const reason = 'Of the platform: people are of no tenant, and nobody of a tenant is let in.';
  return Object.fromEntries(
    routes.map((route) => [route.replace(' ', ' /api/v1/platform/users'), reason]),
  );
}

function platformTenants(): Record<string, string> {
  const verbs = ['suspend', 'activate', 'restore', 'provision'].map((verb) => `POST /{id}/${verb}`);
  const resources = ['show', 'rotate'].map((verb) => `POST /{id}/resources/{kind}/${verb}`);
  const plain = ['GET ', 'GET /{id}', 'POST ', 'PUT /{id}', 'DELETE /{id}'];
  const named = (base: string, routes: readonly string[]) =>
    routes.map((route) => route.replace(' ', ` /api/v1/${base}`));
  const reason =
    'Of the platform: whoever runs it makes tenants, and nobody of a tenant is let in.';
  const routes = [
    ...named('tenants', plain.concat('PUT /{id}/subscription', verbs, resources)),
    ...named('tiers', plain),
  ];
  return Object.fromEntries(routes.map((route) => [route, reason]));
}

function scim(): Record<string, string> {
  const of = (noun: string) => [noun, `${noun}/{id}`];
  const reason =
    'Asked with a directory’s token, which each tenant has one of: test/integration/scim has both tenants’.';
  const read = ['Users', 'Groups', 'ResourceTypes', 'Schemas'].flatMap(of);
  const written = ['Users', 'Groups'].flatMap((noun) => [
    `POST /scim/v2/${noun}`,
    ...['PUT', 'PATCH', 'DELETE'].map((method) => `${method} /scim/v2/${noun}/{id}`),
  ]);
  const routes = ['ServiceProviderConfig', ...read].map((path) => `GET /scim/v2/${path}`);
  return Object.fromEntries([...routes, ...written].map((route) => [route, reason]));
}

/** Operations that are not asked about another tenant's things, and why. */
/** Places in the caller’s own tree. */
const TILES = 'Numbers, and of no tenant: each has a tree of its own, and the token says whose.';

export const exemptions: Readonly<Record<string, string>> = {
  'POST /api/v1/authentication/refresh':
    'Names nothing: who holds the token is the person, in the tenant that the token is of.',
  'GET /api/v1/platform/token-signing-keys':
    'Of the platform: the keys are of no tenant, and nobody of a tenant is let in.',
  'GET /api/v1/rate-limits': 'Of the platform: names nothing.',
  'GET /api/v1/rate-limits/{limit}': 'Of the platform: limits are of no tenant.',
  'PUT /api/v1/rate-limits/{limit}': 'Of the platform: limits are of no tenant.',
  'GET /api/v1/audit-logs/tile/{level}/{a}': TILES,
  'GET /api/v1/audit-logs/tile/{level}/{a}/{b}': TILES,
  'GET /api/v1/audit-logs/tile/{level}/{a}/{b}/{c}': TILES,
  'GET /api/v1/audit-logs/tile/{level}/{a}/{b}/{c}/{d}': TILES,
  ...platformUsers(),
  ...platformTenants(),
  'GET /api/v1/platform/usage':
    'Of the platform: the sums of all tenants, and nobody of a tenant is let in.',
  'GET /api/v1/tenants/{id}/usage':
    'Of the platform: tenants are named by who runs it, and nobody of a tenant is let in.',
  ...scim(),
  'POST /api/v1/authentication/invitations/accept':
    'Who holds the link is let into the tenant that has made it; names of accounts are of nobody’s tenant.',
  'POST /api/v1/authentication/password-reset/confirm':
    'Names nothing: who holds the link is the person.',
  'GET /api/v1/authentication/providers':
    'The sign-in page: who knows a tenant’s name, or has an address there, is told where its people sign in.',
  'GET /api/v1/authentication/oidc/{id}/start':
    'Who knows the id of a provider is sent there, as every browser that signs in.',
  'POST /api/v1/agent/enroll':
    'Names nothing but the new node: who holds the token is let into the tenant that has made it.',
};

/** Where nothing is looked up before something else is right that this test has not, and what shows it instead. */
export const shallow: Readonly<Record<string, string>> = {
  'GET /api/v1/audit-logs/category/{category}':
    'A word of ours comes first: what lists of entries show is asked of `GET /audit-logs`.',
  'POST /api/v1/authentication/oidc/complete':
    'The code of a sign-in comes first: test/integration/oidc-attacks has those.',
  'POST /api/v1/approvals/external/{gate}/callback':
    'The signature of a gate comes first: test/integration/external-gates has those.',
  'POST /api/v1/authentication/token':
    'A token of an issuer comes first: test/integration/federation has those.',
};

export interface Named extends Variant {
  /** The place gives a name to something new: it may be used by everybody, once in each tenant. */
  readonly isNew: boolean;
}

/** What the place can name; none: nothing of a tenant's; undefined: nobody has said it. */
export function namedBy(operation: Operation, place: Place): readonly Named[] | undefined {
  const special = variants[`${operation.name} ${place.name}`];
  if (special) return special.map((each) => ({ ...each, isNew: false }));
  if (place.where === 'path') {
    const kind = byPath[place.before!.split('/').at(-1)!];
    return kind === undefined
      ? undefined
      : [{ kind, isNew: MAKES_BY_PATH.includes(operation.name) }];
  }
  const field = place.name.replace(/(\.\[\])+$/, '');
  const last = field.split('.').at(-1)!;
  if (field === 'name') {
    const words = operation.template.split('/').filter((word) => !word.startsWith('{'));
    // `POST service-accounts/{id}/access-keys` names a key.
    const kind = byNewName[words.at(-1)!];
    if (kind) return [{ kind, isNew: true }];
  }
  // What is given to something new and must be its own there, but not elsewhere.
  const isOfNew = ['publicKey', 'audience', 'email'].includes(last) && operation.method === 'POST';
  const isNew = place.where === 'header' || isOfNew;
  const kind = byField[last];
  if (kind) return [{ kind, isNew }];
  const isHarmless = Object.values(plain)
    .flat()
    .some((each) => place.name === each || place.name.endsWith(`.${each}`));
  return isHarmless ? [] : undefined;
}

/** A sentence for each place of which nobody has said what it names. */
export function unknownPlaces(operations: readonly Operation[]): string[] {
  return operations
    .filter(({ name }) => exemptions[name] === undefined)
    .flatMap((operation) =>
      operation.places
        .filter((place) => namedBy(operation, place) === undefined)
        .map(({ where, name }) =>
          where === 'path'
            ? `${operation.name}: nobody has said what {${name}} names. Add the word before it to "byPath" in test/isolation/registry.ts, and to subjects.ts how a tenant gets one.`
            : `${operation.name}: nobody has said what "${name}" (${where}) names. Add it to "byField" in test/isolation/registry.ts with its kind, or to "plain" with the reason why it names nothing of a tenant's.`,
        ),
    );
}

/** A sentence for each line of these lists that is of no use any more. */
export function staleLines(operations: readonly Operation[], kinds: readonly string[]): string[] {
  const names = operations.map(({ name }) => name);
  const special = Object.keys(variants).map((each) => each.split(' ').slice(0, 2).join(' '));
  const listed = [
    ...Object.keys({ ...exemptions, ...completions, ...shallow }),
    ...MAKES_BY_PATH,
    ...special,
  ];
  const gone = [...new Set(listed)].filter((name) => !names.includes(name));
  const known = [byPath, byField, byNewName].flatMap((each) => Object.values(each));
  // A cursor is of the list that is read.
  const unmade = [...new Set(known)].filter((kind) => kind !== 'cursor' && !kinds.includes(kind));
  return [
    ...gone.map((name) => `${name} is listed in test/isolation/registry.ts and does not exist`),
    ...unmade.map((kind) => `no tenant gets a "${kind}": add it to test/isolation/subjects.ts`),
  ];
}
