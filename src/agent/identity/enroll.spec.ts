import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AgentOptions } from '../agent-options.js';
import { withPlace } from '../protocol/token-place.js';
import { ControlPlane } from '../transport/control-plane.js';
import { ensureEnrolled } from './enroll.js';
import { nodeKey, writeIdentity } from './identity.js';

const QA = { clusterId: '019a0000-0000-7000-8000-000000000001', name: 'QA/default' };
const DEVELOPMENT = {
  clusterId: '019a0000-0000-7000-8000-000000000002',
  name: 'Development/default',
};
const identity = {
  server: 'http://127.0.0.1:1/',
  name: 'node-1',
  place: DEVELOPMENT.name,
  tenantId: '019a0000-0000-7000-8000-000000000003',
  clusterId: DEVELOPMENT.clusterId,
  nodeId: '019a0000-0000-7000-8000-000000000004',
  serverKeys: [{ kid: 'k', publicKey: 'x' }],
};

describe('enrolling', () => {
  let directory: string;
  let server: Server;
  const asked: string[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tidegate-agent-'));
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nothing here</h1>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(['/tools/tidegate', '/tools/tidegate/'])(
    'goes below %s, and does not blame the token for what somebody else answers',
    async (path) => {
      const { port } = server.address() as AddressInfo;
      const address = new URL(`http://127.0.0.1:${port}${path}`);
      const key = await nodeKey(directory);
      const controlPlane = new ControlPlane(address, key, undefined);
      const options = {
        directory,
        server: address,
        name: 'node-1',
        token: 'tge_x',
        labels: {},
        log: pino({ level: 'silent' }),
      };
      const enrolled = ensureEnrolled(
        options as unknown as AgentOptions,
        key,
        controlPlane,
        new AbortController().signal,
      );
      await expect(enrolled).rejects.toMatchObject({
        code: 'enrolment-refused',
        message: expect.stringMatching(/answered 404, and not as Tidegate does.*--server/),
      });
      await controlPlane.close();
      expect(asked).toEqual(['/tools/tidegate/api/v1/agent/enroll']);
    },
  );
});

describe('a folder that belongs to a node', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tidegate-agent-'));
    await writeIdentity(directory, identity);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Port 1 answers nothing: whatever is decided here is decided without the control plane. */
  const start = async (more: Partial<AgentOptions>) => {
    const server = new URL('http://127.0.0.1:1');
    const options = {
      directory,
      server,
      name: 'node-1',
      token: undefined,
      log: pino({ level: 'silent' }),
    };
    const key = await nodeKey(directory);
    const controlPlane = new ControlPlane(server, key, undefined);
    try {
      const whole = { ...options, ...more } as AgentOptions;
      return await ensureEnrolled(whole, key, controlPlane, new AbortController().signal);
    } finally {
      await controlPlane.close();
    }
  };

  it('is not taken for a node of another environment, which the token is for', async () => {
    const before = await readFile(join(directory, 'identity.json'), 'utf8');
    await expect(start({ token: withPlace('tge_x', QA) })).rejects.toMatchObject({
      code: 'other-node',
      message: expect.stringMatching(/"node-1" in Development\/default .*token is for QA\/default/),
    });
    expect(await readFile(join(directory, 'identity.json'), 'utf8')).toBe(before);
  });

  it('is not taken for a node of another name', async () => {
    await expect(start({ name: 'node-2' })).rejects.toMatchObject({
      code: 'other-node',
      message: expect.stringContaining('"node-1" in Development/default'),
    });
  });

  it.each([
    ['a token for the same place', withPlace('tge_x', DEVELOPMENT)],
    ['no token', undefined],
    ['a token that does not say where it leads', 'tge_x'],
    ['a token whose place cannot be read', 'tge_x.%%%'],
  ])('goes on as it is with %s', async (_what, token) => {
    expect(await start({ token })).toMatchObject({ nodeId: identity.nodeId });
  });

  it('shows nothing of a token’s place that could harm a terminal', async () => {
    const token = withPlace('tge_x', { ...QA, name: 'QA\u001b[31m/x' });
    await expect(start({ token })).rejects.toMatchObject({
      message: expect.not.stringContaining('\u001b'),
    });
  });
});
