import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestSchema } from '../../../src/agent/protocol/manifest.js';
import { digestOf } from '../../../src/kernel/digest.js';
import { newSigningKey, verifyRelease } from '../../../src/kernel/signature.js';
import {
  completeManifest,
  digestOfFile,
  releaseDigest,
  signReleaseDigest,
} from './release-digest.js';
import { createTidegate } from './tidegate.js';
import { UnreachableError } from './tidegate-error.js';

const manifests = [
  { schema: 1, run: { command: 'node' } },
  {
    schema: 1,
    run: { command: 'node', args: ['ä.js'], env: { B: '1', A: '\u2028"' } },
    traffic: { protocol: 'http', port: 8080 },
    health: { path: '/live' },
    hooks: { stop: { command: 'x', timeoutMs: 500 }, validate: { command: 'y' } },
    resources: { memoryMiB: 5 },
    overlap: true,
    configuration: { Z: 'z' },
  },
];

describe('a signature', () => {
  it.each(manifests)('is over what the server computes, defaults and all (%#)', (manifest) => {
    const parsed = manifestSchema.parse(manifest);
    expect(completeManifest(manifest)).toEqual(parsed);
    const artifactDigest = `sha256:${'0'.repeat(64)}`;
    const digest = releaseDigest(manifest, artifactDigest);
    expect(digest).toBe(digestOf('release', { artifactDigest, manifest: parsed }).digest);
    const { publicKey, privateKey } = newSigningKey();
    expect(verifyRelease(digest, signReleaseDigest(digest, privateKey), publicKey)).toBe(true);
  });

  it('leaves a manifest that is none to the server', () => {
    for (const wrong of [null, 'x', 5, [], { run: 5, hooks: 'x', traffic: 1 }]) {
      expect(() => releaseDigest(wrong, 'x')).not.toThrow();
    }
  });
});

describe('a push', () => {
  let folder: string;
  let file: string;
  const content = randomBytes(3 * 1024 * 1024);
  const servers: ReturnType<typeof createServer>[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-sdk-'));
    file = join(folder, 'a.tar.gz');
    await writeFile(file, content);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  async function clientOf(listener: RequestListener) {
    const server = createServer(listener);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return createTidegate({ baseUrl: `http://127.0.0.1:${port}`, token: 'key' });
  }

  const push = (more = {}) => ({
    moduleName: 'a',
    version: '1',
    manifest: manifests[0],
    artifactFile: file,
    ...more,
  });

  it('sends the form as announced, tells its progress, and again after a 503', async () => {
    let attempts = 0;
    const bodies: Buffer[] = [];
    const client = await clientOf((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        attempts += 1;
        const body = Buffer.concat(chunks);
        bodies.push(body);
        expect(Number(request.headers['content-length'])).toBe(body.length);
        if (attempts === 1) response.writeHead(503, { 'retry-after': '0' }).end();
        else response.writeHead(201).end('{"version":"1"}');
      });
    });
    const seen: number[] = [];
    const pushed = await client.pushRelease(
      push({ onProgress: (sent: number) => seen.push(sent) }),
    );
    expect(pushed).toEqual({ release: { version: '1' }, isNew: true });
    expect(bodies[1]!.includes(content)).toBe(true);
    expect(bodies[1]!.toString('latin1')).toContain(await digestOfFile(file));
    expect(seen.at(-1)).toBe(content.length);
  });

  it('hears a refusal that comes before everything is sent', async () => {
    const client = await clientOf((request, response) => {
      request.once('data', () => {
        const detail = 'The artifact is too large.';
        response.writeHead(413, { connection: 'close' });
        response.end(JSON.stringify({ code: 'artifact-too-large', detail }));
        setImmediate(() => request.destroy());
      });
    });
    await expect(client.pushRelease(push())).rejects.toMatchObject({
      code: 'artifact-too-large',
      status: 413,
    });
  });

  it('says that the server is gone when it is, and that a file is when it is', async () => {
    const client = await clientOf((request) => request.destroy());
    await expect(client.pushRelease(push())).rejects.toBeInstanceOf(UnreachableError);
    const missing = push({ artifactFile: join(folder, 'missing') });
    await expect(client.pushRelease(missing)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
