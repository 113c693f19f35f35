/** What callers without an account may ask, and what everybody else feels of it. */
import { connect } from 'node:net';
import { type Member, WholeApp } from '../support/whole-app.js';

let whole: WholeApp;
let member: Member;
beforeAll(async () => {
  whole = await WholeApp.start({ environment: { TIDEGATE_TRUSTED_PROXIES: '127.0.0.1' } });
  member = await whole.member(await whole.tenant('acme'), 'Viewer');
});
afterAll(() => whole?.close());

let addresses = 0;
/** One that has asked nothing yet. */
const freshAddress = () => `203.0.113.${(addresses += 1)}`;

interface Sent {
  readonly from?: string;
  readonly body?: string;
  readonly type?: string;
  readonly token?: string;
}

async function send(path: string, { from = freshAddress(), body, type, token }: Sent = {}) {
  const answer = await fetch(whole.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'x-forwarded-for': from,
      ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  const code = text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined;
  return { status: answer.status, code, headers: answer.headers, text };
}

const keys = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, 1])));

const PUBLIC = [
  '/api/v1/authentication/login',
  '/api/v1/authentication/refresh',
  '/api/v1/authentication/invitations/accept',
  '/api/v1/authentication/password-reset',
  '/api/v1/agent/enroll',
];

describe.each(PUBLIC)('POST %s', (path) => {
  it('reads no more than 16 KiB', async () => {
    const large = await send(path, { body: keys(17_000) });
    expect([large.status, large.code]).toEqual([413, 'body-too-large']);
  });

  it.each([
    ['many keys', keys(1_000)],
    ['many elements', JSON.stringify({ labels: Array(5_000).fill(0) })],
    ['deep arrays', `{"labels":${'['.repeat(9)}${']'.repeat(9)}}`],
  ])('refuses %s before anything is made of them', async (_name, body) => {
    const answer = await send(path, { body });
    expect([answer.status, answer.code]).toEqual([400, 'json-unacceptable']);
  });

  it('tells of so many mistakes and no more', async () => {
    const answer = await send(path, { body: keys(90) });
    expect([answer.status, answer.code]).toEqual([400, 'validation-failed']);
    expect(answer.text).toContain('"key-0');
    expect(answer.text).not.toContain('key-40');
  });

  it('takes no form, and leaves it unread', async () => {
    const answer = await send(path, { body: '--x', type: 'multipart/form-data; boundary=x' });
    expect([answer.status, answer.code]).toEqual([415, 'unsupported-media-type']);
  });
});

describe('a body', () => {
  it('is not read before it is known who sends it, and whether there is such a route', async () => {
    const body = '{"never":';
    const lost = await send('/api/v1/nowhere', { body });
    expect([lost.status, lost.code]).toEqual([404, 'route-not-found']);
    const unsigned = await send('/api/v1/deployments', { body });
    expect([unsigned.status, unsigned.code]).toEqual([401, 'unauthenticated']);
    const guessed = await send('/api/v1/agent/report', { body, token: 'a.b.c' });
    expect([guessed.status, guessed.code]).toEqual([401, 'agent-token-invalid']);
    const forbidden = await send('/api/v1/deployments', { body, token: member.token });
    expect([forbidden.status, forbidden.code]).toEqual([403, 'permission-missing']);
  });

  it('that is sent drop by drop is given up', async () => {
    const { hostname, port } = new URL(whole.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(
      `POST /api/v1/agent/enroll HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${freshAddress()}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    );
    const drops = setInterval(() => socket.write(' '), 500);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drops);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request-timeout"');
  }, 60_000);
});

describe('an address that asks too often', () => {
  /**
   * Uses the budget up with what costs most of it, then asks; again, if the machine was too slow. Where it is,
   * downloads pile up and are refused for their number, which is another limit.
   */
  const spend = async (from: string, path: string, body?: string) => {
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 40 }, () => send('/metrics', { from })));
      const sent = { from, ...(body === undefined ? {} : { body }) };
      const answers = await Promise.all(Array.from({ length: 40 }, () => send(path, sent)));
      const refused = answers.filter(({ status }) => status === 429);
      expect(['too-many-requests', 'downloads-limit']).toEqual(
        expect.arrayContaining(refused.map(({ code }) => code)),
      );
      if (refused.some(({ code }) => code === 'too-many-requests')) return refused;
    }
    return [];
  };

  it.each([
    ['public routes', '/api/v1/agent/enroll', '{}'],
    ['routes that do not exist', '/api/v1/nowhere', undefined],
    ['routes it may not call', '/api/v1/deployments', undefined],
    ['the document', '/api/openapi.json', undefined],
    ['the page of the document', '/api/docs/swagger-ui.css', undefined],
    ['the metrics', '/metrics', undefined],
  ])(
    'is told to wait at %s, and nobody else is',
    async (_name, path, body) => {
      const from = freshAddress();
      const answers = await spend(from, path, body);
      const refused = answers.filter(({ code }) => code === 'too-many-requests');
      expect(refused.length).toBeGreaterThan(0);
      for (const { status, headers } of refused) {
        expect(status).toBe(429);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      const mine = { from, token: member.token };
      expect((await send('/api/v1/deployments', mine)).status).toBe(200);
      for (const probe of ['/health/ready', '/health/live']) {
        const probes = await Promise.all(Array.from({ length: 50 }, () => send(probe, { from })));
        expect(probes.map(({ status }) => status)).toEqual(probes.map(() => 200));
      }
      expect((await send('/.well-known/jwks.json')).status).toBe(200);
      const metrics = await (await fetch(`${whole.url}/metrics`)).text();
      expect(metrics).toMatch(/tidegate_strangers_refused_total\{reason="budget"\} [1-9]/);
    },
    60_000,
  );
});
