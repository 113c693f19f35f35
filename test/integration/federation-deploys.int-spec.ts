/** A pipeline deploys with nothing but the token of its job, where it may and nowhere else. */
import { systemClock } from '../../src/kernel/clock.js';
import { CiIssuer, githubJob } from '../support/ci-issuer.js';
import { type DeployingTenant, DeploymentsApp, orders } from '../support/deployments-app.js';
import { mainRule } from '../support/federation-rig.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;
let issuer: CiIssuer;
beforeAll(async () => {
  app = await DeploymentsApp.start({ TIDEGATE_OUTBOUND_ALLOW: '127.0.0.0/8' });
  issuer = await CiIssuer.start(systemClock);
  tenant = await app.tenant('acme');
  await tenant.release('billing', '1.0.0');
  await tenant.nodes('Staging', 3);
  const made = await tenant.as('Admin', '/federated-identities', {
    method: 'POST',
    body: {
      name: 'orders-release',
      issuerKind: 'github',
      issuer: issuer.url,
      audience: githubJob.aud,
      rules: [mainRule],
      permissions: 'deploy',
      modules: ['orders', 'not-there-yet'],
      environments: ['QA'],
    },
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
});
afterAll(async () => {
  await issuer?.close();
  await app?.close();
});

async function post(path: string, body: unknown, headers: Record<string, string>) {
  const response = await fetch(`${app.whole.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body: answer };
}

it('deploys its module to its environment, and nothing else anywhere else', async () => {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: await issuer.token(githubJob),
  });
  const url = `${app.whole.url}/api/v1/authentication/token`;
  const exchanged = await fetch(url, { method: 'POST', body: form });
  const { access_token: token } = (await exchanged.json()) as { access_token: string };
  const authorization = `Bearer ${token}`;
  const accepted = await post('/deployments', orders, { authorization });
  expect(accepted.status).toBe(202);
  const { body } = await tenant.get(`/deployments/${String(accepted.body['id'])}`);
  expect(body).toMatchObject({ requestedBy: 'ci:orders-release' });
  for (const change of [{ moduleName: 'billing' }, { targetEnvironment: 'Staging' }]) {
    const refused = await post('/deployments', { ...orders, ...change }, { authorization });
    expect([change, refused.status, refused.body['code']]).toEqual([
      change,
      403,
      'permission-missing',
    ]);
  }
  const keys = await post('/access-keys', { name: 'x' }, { authorization });
  expect(keys.status).toBe(403);
});
