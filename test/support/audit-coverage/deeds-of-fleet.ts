/** What is deployed, and to where. */
import { generateKeyPairSync } from 'node:crypto';
import { publicKeyText } from '../../../src/kernel/signature.js';
import { type Asking, type Deed, newName, OF_THE_ANSWER, type Stage } from './deed.js';
import { releaseForm, someArtifact } from '../release-form.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/');
const idOf = async ({ tenant }: Stage, path: string, body: unknown) =>
  (await tenant.make('POST', path, body)).id as string;

const environment = () => ({
  name: newName('env'),
  defaults: { strategy: { kind: 'direct' }, gate: { kind: 'stabilization' } },
  allowedStrategies: ['direct', 'canary'],
  signaturePolicy: 'if-present',
  onConflict: 'queue',
});
const cluster = ({ tenant: { values } }: Stage) => ({
  name: newName('cluster'),
  environment: values['environment']!,
  trustedProxies: ['10.0.0.0/8'],
});
const publicKey = () => publicKeyText(generateKeyPairSync('ed25519').publicKey);
const signingKey = () => ({ name: newName('key'), publicKey: publicKey() });

/** There is a list of them alone. */
const keyNamed = (name: string) => ({
  view: 'signing-keys?limit=200',
  seen: ({ items }: { items: { name: string }[] }) => items.find((one) => one.name === name),
});

const token = ({ values }: Stage['tenant'], name: string) => ({
  environment: values['environment'],
  cluster: values['clusterName'],
  name,
});

async function newNode({ tenant }: Stage): Promise<string> {
  const name = newName('node');
  const made = await tenant.make('POST', '/nodes/enrollment-tokens', token(tenant, name));
  const me = { protocol: 1, token: made.token, publicKey: publicKey(), name };
  return (await tenant.make('POST', '/agent/enroll', me)).nodeId as string;
}

const setting = (): Asking => ({
  path: { key: 'deployments.queued-per-slot' },
  body: { value: 7, reason: 'a test' },
  view: null,
  subjectId: 'deployments.queued-per-slot',
});

export const deedsOfFleet: readonly Deed[] = [
  {
    route: v1('POST environments'),
    actions: ['environment-created'],
    ask: () => {
      const body = environment();
      return { body, view: `environments/${body.name}`, subjectId: OF_THE_ANSWER, seen: rulesOf };
    },
  },
  {
    route: v1('PUT environments/{name}'),
    actions: ['environment-changed'],
    ask: async ({ tenant }) => {
      const { name, ...rules } = environment();
      const { id } = await tenant.make('POST', '/environments', { name, ...rules });
      const more = { allowedStrategies: ['direct'], signaturePolicy: 'required', maxInFlight: 4 };
      const body = { ...rules, ...more, onConflict: 'reject', labels: { region: 'eu' } };
      return { path: { name }, body, subjectId: id, seen: rulesOf };
    },
  },
  {
    route: v1('POST clusters'),
    actions: ['cluster-created'],
    ask: (stage) => ({ body: cluster(stage) }),
  },
  {
    route: v1('PUT clusters/{id}'),
    actions: ['cluster-changed'],
    ask: async (stage) => ({
      path: { id: await idOf(stage, '/clusters', cluster(stage)) },
      body: { minAvailable: 3, maxInFlight: 5, trustedProxies: ['192.168.0.0/16'] },
    }),
  },
  { route: v1('PUT settings/{key}'), actions: ['setting-changed'], ask: setting },
  {
    route: v1('DELETE settings/{key}'),
    actions: ['setting-changed'],
    ask: async ({ rig, tenant }) => {
      const { body: _, ...asking } = setting();
      const at = `${rig.app.whole.url}/api/v1/settings/deployments.queued-per-slot`;
      const read = await fetch(at, { headers: { authorization: `Bearer ${tenant.token}` } });
      return { ...asking, headers: { 'if-match': read.headers.get('etag')! } };
    },
  },
  {
    route: v1('POST nodes/enrollment-tokens'),
    actions: ['enrollment-token-created'],
    ask: ({ tenant }) => ({
      body: token(tenant, newName('node')),
      view: null,
      subjectId: tenant.values['cluster']!,
    }),
  },
  {
    route: v1('POST agent/enroll'),
    actions: ['node-enrolled'],
    ask: async ({ tenant }) => {
      const name = newName('node');
      const made = await tenant.make('POST', '/nodes/enrollment-tokens', token(tenant, name));
      const body = { protocol: 1, token: made.token, publicKey: publicKey(), name };
      const as = { token: null, actorId: 'enrollment' };
      const subjectId = (answer: { nodeId: string }) => answer.nodeId;
      return { body, view: null, as, tenantId: tenant.id, subjectId };
    },
  },
  {
    route: v1('DELETE nodes/{id}'),
    actions: ['node-revoked'],
    ask: async (stage) => ({
      path: { id: await newNode(stage) },
      seen: ({ name, environment: where, cluster: in_, labels }) => ({
        name,
        environment: where,
        cluster: in_,
        labels,
      }),
    }),
  },
  {
    route: v1('POST nodes/{id}/cordon'),
    actions: ['node-cordoned'],
    ask: async (stage) => cordonOf(await newNode(stage)),
  },
  {
    route: v1('POST nodes/{id}/drain'),
    actions: ['node-drained'],
    ask: async (stage) => ({
      path: { id: await newNode(stage) },
      body: { reason: 'a test' },
      seen: ({ drain }) => ({ isDrained: drain !== null }),
    }),
  },
  {
    route: v1('POST nodes/{id}/uncordon'),
    actions: ['node-uncordoned'],
    ask: async (stage) => {
      const id = await newNode(stage);
      await stage.tenant.make('POST', `/nodes/${id}/cordon`);
      return cordonOf(id);
    },
  },
  {
    route: v1('POST modules/{name}/releases'),
    actions: ['release-pushed'],
    ask: async () => {
      const { bytes } = await someArtifact(newName('code'));
      const body = releaseForm({ version: '1.0.0', artifact: bytes });
      return { path: { name: newName('module') }, body, view: null, subjectId: OF_THE_ANSWER };
    },
  },
  {
    route: v1('POST modules/{name}/configurations/{environment}'),
    actions: ['configuration-created'],
    ask: ({ tenant: { values } }) => ({
      path: { name: values['module']!, environment: values['environment']! },
      body: { values: { NOTE: newName('value') } },
      view: null,
      subjectId: OF_THE_ANSWER,
    }),
  },
  {
    route: v1('POST signing-keys'),
    actions: ['signing-key-registered'],
    ask: () => {
      const body = signingKey();
      return { body, subjectId: OF_THE_ANSWER, ...keyNamed(body.name) };
    },
  },
  {
    route: v1('DELETE signing-keys/{id}'),
    actions: ['signing-key-revoked'],
    ask: async (stage) => {
      const body = signingKey();
      return { path: { id: await idOf(stage, '/signing-keys', body) }, ...keyNamed(body.name) };
    },
  },
];

/** Whether policies count there is nobody’s change of the environment. */
const rulesOf = ({ hasApprovalPolicies: _, ...rules }: Record<string, unknown>) => rules;

const cordonOf = (id: string): Asking => ({
  path: { id },
  view: `nodes/${id}`,
  seen: ({ state }: { state: string }) => ({ isCordoned: state === 'Cordoned' }),
});
