/** An auditor's day: a key that is kept, a file, and a proof that needs no server any more. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_PASSWORD, Tidegate } from '../support/tidegate.js';

let tidegate: Tidegate;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-audit-e2e-'));
  tidegate = await Tidegate.start();
});
afterAll(async () => {
  await tidegate?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function cli(words: string[], input = '') {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const exitCode = await runCli(words, {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({ XDG_CONFIG_HOME: folder }),
    version: '0.0.0',
    onInterrupt: () => () => undefined,
  });
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

it('a log is exported, and proven when the server is gone', async () => {
  const login = ['login', '--server', tidegate.url, '--username', 'admin', '--password-stdin'];
  expect((await cli(login, `${ADMIN_PASSWORD}\n`)).exitCode).toBe(0);
  const [keys, file, proof] = ['keys.txt', 'audit.jsonl', 'entry.tlog-proof'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await writeFile(keys, (await cli(['audit', 'key'])).stdout);
  let entry = '';
  await eventually(async () => {
    const { stdout } = await cli(['audit', 'list', '--action', 'logged-in', '--json']);
    const { items } = JSON.parse(stdout) as { items: { id: string; sequence: number | null }[] };
    expect(items[0]?.sequence).toEqual(expect.any(Number));
    entry = items[0]!.id;
  });
  expect((await cli(['audit', 'export', '--file', file])).exitCode).toBe(0);
  expect((await cli(['audit', 'prove', entry, '--file', proof])).exitCode).toBe(0);
  await tidegate.stop();
  const right = await cli(['audit', 'verify', '--file', file, '--trust', keys]);
  expect([right.exitCode, right.stdout]).toEqual([0, expect.stringMatching(/without a gap/)]);
  const checked = await cli(['audit', 'check', proof, '--trust', keys]);
  expect([checked.exitCode, checked.stdout]).toEqual([0, expect.stringMatching(/logged-in/)]);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('logged-in', 'logged-on'));
  const wrong = await cli(['audit', 'verify', '--file', file, '--trust', keys]);
  expect([wrong.exitCode, wrong.stdout]).toEqual([3, expect.stringMatching(/not what was sealed/)]);
});
