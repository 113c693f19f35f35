import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';

const STARTED_MS = 60_000;

interface Run {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly exit: Promise<number | null>;
}

let home: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-api-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await rm(home, { recursive: true, force: true });
});

function run(app: 'api' | 'worker', environment: Record<string, string>): Run {
  const child = spawn(
    process.execPath,
    ['--import', './test/support/register-typescript.mjs', `src/apps/${app}/main.ts`],
    { env: { PATH: process.env['PATH'], TIDEGATE_HOME: home, ...environment } },
  );
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output, exit };
}

describe('a process that cannot start', () => {
  it(
    'says why, every reason in a sentence, with no stack',
    async () => {
      const { exit, output } = run('api', { TIDEGATE_LISTN: 'x', TIDEGATE_LOG_LEVEL: 'loud' });
      expect(await exit).toBe(1);
      expect(output.stdout).toBe('');
      expect(output.stderr.split('\n')).toEqual([
        'tidegate: TIDEGATE_LISTN is not a setting of Tidegate: did you mean TIDEGATE_LISTEN?',
        expect.stringMatching(/^tidegate: TIDEGATE_LOG_LEVEL must be one of fatal, .*\.$/),
        '',
      ]);
    },
    STARTED_MS,
  );

  it(
    'is a worker outside of a cluster',
    async () => {
      const { exit, output } = run('worker', {});
      expect(await exit).toBe(1);
      expect(output.stderr).toMatch(
        /^tidegate-worker: The worker is a process of cluster mode: .*\n$/,
      );
    },
    STARTED_MS,
  );

  it(
    'names the port that is taken',
    async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      try {
        const { exit, output } = run('api', { TIDEGATE_LISTEN: `127.0.0.1:${port}` });
        expect(await exit).toBe(1);
        expect(output.stderr).toMatch(
          new RegExp(
            `^tidegate: 127\\.0\\.0\\.1:${port} is taken by process ${process.pid} \\(.+\\): stop it, or`,
            'm',
          ),
        );
        expect(output.stderr).not.toMatch(/^\s+at /m);
      } finally {
        taken.close();
      }
    },
    STARTED_MS,
  );
});

describe('a process that runs', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'is ready, serves, and stops cleanly at %s',
    async (signal) => {
      const { child, exit, output } = run('api', { TIDEGATE_LISTEN: '127.0.0.1:0' });
      const url = await readyUrl(child, output);
      // A probe waits 80 ms for the first look, which a busy machine may not have done by then.
      await eventually(async () =>
        expect(await (await fetch(`${url}/health/ready`)).text()).toBe('ready'),
      );
      expect((await fetch(`${url}/api/openapi.json`)).status).toBe(200);
      child.kill(signal);
      expect(await exit).toBe(0);
      expect(output.stdout).toContain('"message":"stopped"');
      await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    },
    STARTED_MS,
  );
});

/** The line of the log that says where it listens. */
async function readyUrl(child: ChildProcess, output: Run['output']): Promise<string> {
  for (;;) {
    const url = /"ready":"Tidegate listens on ([^"]+)"/.exec(output.stdout)?.[1];
    if (url) return url;
    if (child.exitCode !== null) throw new Error(`it ended: ${output.stderr}${output.stdout}`);
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  }
}
