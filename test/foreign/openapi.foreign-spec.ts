/** The OpenAPI document in the hands of others: a validator, a generator of clients, a fuzzer. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildArtifact } from '../support/artifact.js';
import { pythonTools } from '../support/python-tools.js';
import { ADMIN_PASSWORD, Tidegate } from '../support/tidegate.js';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const document = join(root, 'docs/openapi.json');

const PACKAGES = [
  'openapi-spec-validator==0.9.0',
  'openapi-python-client==0.29.1',
  'schemathesis==4.32.5',
  // Of what is generated.
  'httpx==0.28.1',
  'python-dateutil==2.9.0.post0',
];

let tools: string;
let folder: string;
let tidegate: Tidegate;
beforeAll(async () => {
  tools = await pythonTools('openapi', PACKAGES);
  folder = await mkdtemp(join(tmpdir(), 'tidegate-openapi-'));
  tidegate = await Tidegate.start();
}, 500_000);
afterAll(async () => {
  await tidegate?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly said: string;
}

async function ended(program: string, args: readonly string[], options = {}): Promise<Ended> {
  const asked = run(program, args, { maxBuffer: 64 * 1024 * 1024, timeout: 280_000, ...options });
  return asked.then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: { code?: number; stdout?: string; stderr?: string; message: string }) => ({
      code: Number(error.code ?? -1),
      said: `${error.stdout ?? ''}${error.stderr ?? ''}` || error.message,
    }),
  );
}

describe('openapi-spec-validator', () => {
  it('has nothing to say about the document', async () => {
    const { code, said } = await ended(join(tools, 'openapi-spec-validator'), [document]);
    expect({ code, said: said.trim() }).toEqual({ code: 0, said: `${document}: OK` });
  }, 400_000);
});

describe('a client that openapi-python-client has generated', () => {
  it('lacks nothing, and deploys a release', async () => {
    const config = join(folder, 'generator.yml');
    const overrides = {
      'application/gzip': 'application/octet-stream',
      'application/x-ndjson': 'application/octet-stream',
    };
    await writeFile(config, JSON.stringify({ content_type_overrides: overrides, post_hooks: [] }));
    const client = join(folder, 'tidegate_client');
    const made = await ended(join(tools, 'openapi-python-client'), [
      'generate',
      `--path=${document}`,
      `--config=${config}`,
      '--meta=none',
      `--output-path=${client}`,
      '--fail-on-warning',
    ]);
    expect(made).toEqual({ code: 0, said: expect.not.stringMatching(/warning|unable/i) });

    const { bytes } = await buildArtifact({ files: { 'server.js': 'setInterval(() => {}, 1e6)' } });
    const [archive, manifest] = [join(folder, 'a.tar.gz'), join(folder, 'manifest.json')];
    await writeFile(archive, bytes);
    await writeFile(
      manifest,
      JSON.stringify({ schema: 1, run: { command: 'node', args: ['server.js'] } }),
    );
    await tidegate.addNodes(1, { environment: 'Development' });
    const program = join(root, 'test/foreign/programs/deploy.py');
    const deployed = await ended(
      join(tools, 'python3'),
      [program, tidegate.url, 'admin', ADMIN_PASSWORD, archive, manifest],
      { env: { ...process.env, PYTHONPATH: folder } },
    );
    expect(deployed).toEqual({ code: 0, said: 'Succeeded\n' });
  }, 400_000);
});

/** What ends the session that the fuzzer asks with, or closes its tenant. */
const ENDS_IT = [
  '/logout',
  '/me',
  '/password',
  '/switch',
  '/step-up',
  '/users/',
  '/platform/users',
  '/security-policy',
  '/tenants/',
  '/kill-switch',
  '/role-bindings',
  '/roles/',
];

/**
 * `positive_data_acceptance`: a document cannot say which cursors are ours. `missing_required_header`: who
 * asks without a sign-in more often than their address may is told so before anything else.
 */
const NOT_ASKED = ['positive_data_acceptance', 'missing_required_header'];

describe('schemathesis', () => {
  it('finds no answer that the document does not have', async () => {
    const { token } = await tidegate.client();
    const seconds = Number(process.env.TIDEGATE_FUZZ_SECONDS ?? 90);
    const { code, said } = await ended(
      join(tools, 'st'),
      [
        'run',
        document,
        `--url=${tidegate.url}`,
        `--header=Authorization: Bearer ${token}`,
        '--phases=coverage,fuzzing',
        `--max-time=${seconds}`,
        '--seed=1',
        `--exclude-path-regex=${ENDS_IT.join('|')}`,
        `--exclude-checks=${NOT_ASKED.join(',')}`,
        // Two threads at once run into a fault of Python 3.11 ("AST constructor recursion depth mismatch").
        '--workers=1',
        '--warnings=off',
        '--no-color',
        '--continue-on-failure',
      ],
      { cwd: folder },
    );
    if (code !== 0) throw new Error(`schemathesis ended with ${code}:\n${said.slice(-12_000)}`);
    expect(said).toMatch(/\d+ generated/);
  }, 600_000);
});
