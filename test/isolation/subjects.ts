/**
 * How a tenant comes to one object of every kind, over HTTP as anybody would. A new kind gets a line here;
 * whatever text it can be given holds the tenant's mark.
 */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { AGENT_AUDIENCE, AGENT_TOKEN_TYPE } from '../../src/agent/protocol/protocol.js';
import { newId } from '../../src/kernel/ids.js';
import { publicKeyText } from '../../src/kernel/signature.js';
import { withClient } from '../support/database.js';
import { releaseForm, someArtifact } from '../support/release-form.js';
import { ask, type Inhabitant, type Values } from './inhabitant.js';

type Made = Readonly<Values>;
/** `word` puts the tenant's mark before it. */
type Make = (tenant: Inhabitant, word: (of: string) => string) => Promise<Made>;

const strategy = { kind: 'direct' };
const gate = { kind: 'stabilization' };

const FACTORS = `insert into user_factors (user_id, id, kind, name, sealed_secret, credential_id,
    public_key, counter, created_at, confirmed_at)
  values ($1, $2, 'totp', $4, 'sealed', null, null, null, now(), null),
    ($1, $3, 'passkey', $4, null, $3::uuid::text, 'key', 0, now(), now())`;

const DELIVERY = `with lane as (
    insert into delivery_lanes (tenant_id, channel_id, lane_id, last_seq) values ($1, $3, $3, 1)),
  delivery as (
    insert into deliveries (tenant_id, id, channel_id, lane_id, seq, event_key, event_name,
      message_text, state, done_at)
    values ($1, $2, $3, $3, 1, 'e', 'x', $4::json::text, 'dead', now()))
  insert into delivery_attempts (tenant_id, delivery_id, number, at, duration_ms, outcome, answer)
  values ($1, $2, 1, now(), 1, 'refused', 'no')`;

/** In the order in which they need each other. */
export const subjects: Readonly<Record<string, Make>> = {
  tenant: async ({ slug }) => ({ tenantSlug: slug }),

  user: async ({ whole, id }, word) => {
    const { userId, username } = await whole.member(id, 'Viewer');
    const email = `${word('person')}@example.org`;
    await withClient(whole.database.superuser, (client) =>
      client.query('update users set email = $2 where id = $1', [userId, email]),
    );
    return { user: userId, username, email };
  },

  /** Of a person; a passkey as if their device had made it. */
  factor: async ({ whole, values }, word) => {
    const [factor, passkey, factorName] = [newId(), newId(), word('factor')];
    await withClient(whole.database.superuser, (client) =>
      client.query(FACTORS, [values.user, factor, passkey, factorName]),
    );
    return { factor, passkey, factorName };
  },

  session: async (tenant) => {
    const { items } = await tenant.make('GET', '/me/sessions');
    return { session: items[0].id };
  },

  invitation: async (tenant, word) => {
    const email = `${word('guest')}@example.org`;
    const roles = [{ role: 'Viewer', modules: [word('module')] }];
    const { id } = await tenant.make('POST', '/users/invitations', { email, roles });
    return { invitation: id };
  },

  group: async (tenant, word) => {
    const name = word('group');
    const { id } = await tenant.make('POST', '/groups', { name, description: word('about') });
    await tenant.make('POST', `/groups/${id}/members`, { userId: tenant.values.user });
    return { group: id, groupName: name };
  },

  role: async (tenant, word) => {
    const name = word('role');
    const permissions = ['deployments:read'];
    const about = { description: word('about'), permissions };
    const { id } = await tenant.make('POST', '/roles', { name, ...about });
    return { role: id, roleName: name };
  },

  roleBinding: async (tenant, word) => {
    const { roleName: role, group } = tenant.values;
    const scope = { modules: [word('module')], environments: [word('env')] };
    const body = { role, subject: { kind: 'group', id: group }, ...scope };
    const { id } = await tenant.make('POST', '/role-bindings', body);
    return { roleBinding: id };
  },

  serviceAccount: async (tenant, word) => {
    const name = word('service');
    const body = { name, description: word('about') };
    const { id } = await tenant.make('POST', '/service-accounts', body);
    return { serviceAccount: id, serviceAccountName: name };
  },

  environment: async (tenant, word) => {
    const rules = { defaults: { strategy, gate }, allowedStrategies: ['direct', 'canary'] };
    const labels = { note: word('label') };
    const name = word('env');
    const more = { signaturePolicy: 'if-present', onConflict: 'queue' };
    await tenant.make('POST', '/environments', { name, ...rules, ...more, labels });
    return { environment: name };
  },

  approvalPolicy: async (tenant, word) => {
    const name = word('policy');
    const { environment } = tenant.values;
    // Of a module that nobody deploys: a tenant of one person could not approve its own.
    const place = { environment, modules: [word('ungated')], labels: { note: word('label') } };
    const body = { name, description: word('about'), ...place, approvers: { roles: ['Admin'] } };
    const { id } = await tenant.make('POST', '/approval-policies', body);
    return { approvalPolicy: id, approvalPolicyName: name };
  },

  externalGate: async (tenant, word) => {
    const name = word('gate');
    const body = { name, url: `https://example.com/${word('path')}` };
    const { id } = await tenant.make('POST', '/external-gates', body);
    return { externalGate: id, externalGateName: name };
  },

  /** Its value and who has set it, and why. */
  setting: async (tenant, word) => {
    const path = `/settings/deployments.queued-per-slot?environment=${tenant.values.environment}`;
    const headers = { 'if-match': '"0"' };
    await tenant.make('PUT', path, { value: 99, reason: word('reason') }, { headers });
    return {};
  },

  cluster: async (tenant, word) => {
    const { environment } = tenant.values;
    const name = word('cluster');
    const { id } = await tenant.make('POST', '/clusters', { name, environment });
    return { cluster: id, clusterName: name };
  },

  node: async (tenant, word) => {
    const { environment, clusterName: cluster } = tenant.values;
    const name = word('node');
    const key = generateKeyPairSync('ed25519');
    const body = { environment, cluster, name };
    const { token } = await tenant.make('POST', '/nodes/enrollment-tokens', body);
    const publicKey = publicKeyText(key.publicKey);
    const labels = { zone: word('zone') };
    const me = { protocol: 1, token, publicKey, name, labels };
    const { nodeId } = await tenant.make('POST', '/agent/enroll', me);
    nodeKeys.set(nodeId, key.privateKey);
    const report = { bootId: 'boot', agentVersion: word('agent'), revision: 0 };
    await ask(tenant.whole.url, await nodeToken(tenant, nodeId), {
      method: 'POST',
      path: '/api/v1/agent/report',
      body: { protocol: 1, ...report, observed: [], metrics: [] },
    });
    // Nothing runs on it, and it will not be lost while the test asks.
    await withClient(tenant.whole.database.superuser, (client) =>
      client.query(
        `update node_presence set last_report_at = clock_timestamp() + interval '1 hour' where node_id = $1`,
        [nodeId],
      ),
    );
    return { node: nodeId, nodeName: name };
  },

  release: async (tenant, word) => {
    const [module, version] = [word('module'), `1.0.0-${word('version')}`];
    const { bytes, artifactDigest } = await someArtifact(word('code'));
    const manifest = { schema: 1, run: { command: 'node', args: [word('arg')] } };
    const form = releaseForm({ version, manifest, artifact: bytes });
    const { id } = await tenant.make('POST', `/modules/${module}/releases`, form);
    const moduleId = await idOfModule(tenant, module);
    return { module, moduleId, version, releaseId: id, artifactDigest };
  },

  configuration: async (tenant, word) => {
    const { module, environment } = tenant.values;
    const path = `/modules/${module}/configurations/${environment}`;
    const { id } = await tenant.make('POST', path, { values: { NOTE: word('value') } });
    return { configurationId: id };
  },

  federatedIdentity: async (tenant, word) => {
    const { module, environment } = tenant.values;
    const name = word('ci');
    const audience = word('audience');
    const clauses = [
      { claim: 'repository_id', oneOf: ['718293104'], label: word('repository') },
      { claim: 'repository_owner_id', oneOf: ['9919'] },
      { claim: 'ref', oneOf: ['refs/heads/main'] },
    ];
    const { id } = await tenant.make('POST', '/federated-identities', {
      name,
      description: word('about'),
      issuerKind: 'github',
      audience,
      rules: [{ name: word('rule'), clauses }],
      permissions: 'deploy',
      modules: [module],
      environments: [environment],
    });
    return { federatedIdentity: id, federatedIdentityName: name, audience };
  },

  identityProvider: async (tenant, word) => {
    const { roleName: role, groupName: group, module, environment } = tenant.values;
    const name = word('provider');
    const { id } = await tenant.make('POST', '/identity-providers', {
      name,
      issuer: 'https://login.example.com',
      clientId: word('client'),
      clientSecret: word('secret'),
      admissions: [{ by: 'claim', claim: 'groups', value: word('staff') }],
      rules: [
        { when: null, role, modules: [module], environments: [environment] },
        { when: { claim: 'groups', value: word('staff') }, group },
      ],
      emergency: { usernames: [word('rescuer')], roles: [role] },
    });
    const domain = `${word('domain')}.example`;
    const claimed = await tenant.make('POST', `/identity-providers/${id}/domains`, { domain });
    return { identityProvider: id, identityProviderName: name, domain, claimedDomain: claimed.id };
  },

  /** What is told there is written as a sender would, who is not here. */
  channel: async (tenant, word) => {
    const name = word('channel');
    const { id: channel } = await tenant.make('POST', '/channels', { name, kind: 'console' });
    const delivery = newId();
    await withClient(tenant.whole.database.superuser, (client) =>
      client.query(DELIVERY, [tenant.id, delivery, channel, { title: word('title') }]),
    );
    return { channel, channelName: name, delivery };
  },

  /** A person as an issuer knows them. */
  externalIdentity: async ({ whole, values }, word) => {
    const externalIdentity = newId();
    await withClient(whole.database.superuser, (client) =>
      client.query(
        `insert into external_identities (id, issuer, subject, user_id)
         values ($1, 'https://login.example.com', $2, $3)`,
        [externalIdentity, word('subject'), values.user],
      ),
    );
    return { externalIdentity };
  },

  subscription: async (tenant) => {
    const { module, environment } = tenant.values;
    const scope = { modules: [module], environments: [environment] };
    const body = { events: ['deployments'], ...scope };
    const { id } = await tenant.make('POST', '/subscriptions', body);
    return { subscription: id };
  },

  signingKey: async (tenant, word) => {
    const name = word('key');
    const publicKey = publicKeyText(generateKeyPairSync('ed25519').publicKey);
    const { id } = await tenant.make('POST', '/signing-keys', { name, publicKey });
    return { signingKey: id, signingKeyName: name, publicKey };
  },

  accessKey: async (tenant, word) => {
    const { module, environment } = tenant.values;
    const scope = { modules: [module], environments: [environment] };
    const name = word('access');
    const body = { name, permissions: 'deploy', ...scope, metadata: { note: word('note') } };
    const { id } = await tenant.make('POST', '/access-keys', body);
    return { accessKey: id, accessKeyName: name };
  },

  /** A tenant has one directory at a time: the first token has ended when the second is made. */
  directory: async (tenant, word) => {
    const { items } = await tenant.make('GET', '/directory-tokens');
    for (const { id } of items) await tenant.make('DELETE', `/directory-tokens/${id}`);
    const name = word('directory');
    const { id, secret } = await tenant.make('POST', '/directory-tokens', { name });
    const userName = word('provisioned');
    const body = { userName, displayName: word('display') };
    const asked = { method: 'POST', path: '/scim/v2/Users', body };
    const user = await ask(tenant.whole.url, secret, asked);
    return {
      directoryToken: id,
      directoryTokenName: name,
      directoryUser: user.body.id,
      directoryUserName: userName,
    };
  },

  deployment: async (tenant, word) => {
    const { module: moduleName, version, environment, clusterName: cluster } = tenant.values;
    const what = { moduleName, version, targetEnvironment: environment, cluster };
    const idempotencyKey = word('idempotency');
    const headers = { 'idempotency-key': idempotencyKey };
    const body = { ...what, metadata: { commit: word('commit') } };
    const { id } = await tenant.make('POST', '/deployments', body, { headers });
    const other = await tenant.make('POST', '/deployments', what);
    await tenant.make('POST', `/deployments/${other.id}/cancel`, { reason: word('reason') });
    return { deployment: id, idempotencyKey };
  },

  /** Of approvals only: nothing here waits for it. */
  freeze: async (tenant, word) => {
    const { module, environment } = tenant.values;
    const name = word('freeze');
    const window = { kind: 'once', from: '2028-01-01T00:00:00Z', to: '2028-01-02T00:00:00Z' };
    const { id } = await tenant.make('POST', '/freezes', {
      name,
      reason: word('reason'),
      environments: [environment],
      modules: [module],
      verbs: ['approve'],
      window,
    });
    return { freeze: id, freezeName: name };
  },

  /** One that was released: an open one would keep machines from what they are asked to do here. */
  hold: async ({ whole, id, values }, word) => {
    const hold = newId();
    await withClient(whole.database.superuser, (client) =>
      client.query(
        `insert into target_holds (tenant_id, id, cluster_id, module_id, deployment_id, rollback_id,
           reason, placed_by, released_by, released_at, release_reason)
         select tenant_id, $2, cluster_id, module_id, id, id, $3, $4, 'test', now(), 'test'
         from deployments where tenant_id = $1 and id = $5`,
        [id, hold, word('reason'), word('person'), values.deployment],
      ),
    );
    return { hold };
  },

  auditStream: async (tenant, word) => {
    const auditStreamName = word('stream');
    const url = 'https://siem.example.com/';
    const stream = { name: auditStreamName, url, format: 'ocsf' };
    const { id: auditStream } = await tenant.make('POST', '/audit-logs/streams', stream);
    return { auditStream, auditStreamName };
  },

  auditEntry: async (tenant) => {
    const { items } = await tenant.make('GET', '/audit-logs?limit=1');
    return { auditEntry: items[0].id, trace: items[0].traceId };
  },

  /** One that is over: of people who are there nobody asks for one. */
  erasure: async ({ whole, id }, word) => {
    const erasure = newId();
    await withClient(whole.database.superuser, (client) =>
      client.query(
        `insert into audit_erasures (tenant_id, id, person_id, reason, requested_by, expires_at)
         values ($1, $2, $3, $4, $5, now())`,
        [id, erasure, newId(), word('reason'), newId()],
      ),
    );
    return { erasure };
  },
};

const nodeKeys = new Map<string, KeyObject>();

/** What a node shows at each request. */
export function nodeToken(tenant: Inhabitant, nodeId: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: nodeId, tenant: tenant.id, aud: AGENT_AUDIENCE, iat: now, exp: now + 60 };
  return new SignJWT({ ...claims, jti: randomUUID(), boot: 'boot' })
    .setProtectedHeader({ alg: 'EdDSA', typ: AGENT_TOKEN_TYPE, kid: nodeId })
    .sign(nodeKeys.get(nodeId)!);
}

/** Two of each, so that each list has a second page. The values are those of the first. */
export async function furnish(tenant: Inhabitant): Promise<void> {
  for (const nth of ['2', '']) {
    for (const make of Object.values(subjects)) {
      Object.assign(tenant.values, await make(tenant, (of) => `${tenant.mark}-${of}${nth}`));
    }
  }
}

async function idOfModule({ id, whole }: Inhabitant, name: string): Promise<string> {
  return withClient(whole.database.superuser, async (client) => {
    const found = await client.query<{ id: string }>(
      'select id from modules where tenant_id = $1 and name = $2',
      [id, name],
    );
    return found.rows[0]!.id;
  });
}
