import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CommanderError } from 'commander';
import { TidegateError, UnreachableError, type Deployment } from '#sdk';
import { problemLines } from './display/problem-lines.js';
import { CliError, exitCodeOf, exitCodeOfStatus } from './exit-codes.js';
import { plainLines } from './follow.js';
import { allOf, buildProgram, runCli } from './program.js';
import { readCliEnvironment } from './session/cli-environment.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function surroundings(variables: Record<string, string> = {}) {
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  return {
    streams,
    environment: readCliEnvironment({ XDG_CONFIG_HOME: folder, ...variables }),
    version: '1.2.3',
    onInterrupt: () => () => undefined,
  };
}

async function run(words: string[], variables?: Record<string, string>) {
  const around = surroundings(variables);
  const exitCode = await runCli(words, around);
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(around.streams.stdout), stderr: text(around.streams.stderr) };
}

describe('the command line', () => {
  it('has examples and a description on every command', () => {
    const commands = allOf(buildProgram(surroundings(), () => undefined));
    const leaves = commands.filter((command) => command.commands.length === 0);
    expect(leaves.length).toBeGreaterThan(21);
    for (const command of leaves) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect([command.name(), help]).toEqual([
        command.name(),
        expect.stringContaining('$ tidegate '),
      ]);
      expect(command.description()).not.toBe('');
    }
  });

  it('ends with 0 after --help and --version', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, stdout: '1.2.3\n', stderr: '' });
    const help = await run(['deploy', '--help']);
    expect([help.exitCode, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('Exit codes: 0 succeeded');
  });

  it.each([
    [['deploy', '--to', 'QA'], "missing required argument 'module'"],
    [['deploy', 'a', '1'], "required option '--to <environment>' not specified"],
    [['deploy', 'a', '1', '--to', 'QA', '--timeout', '5'], 'is not a duration'],
    [['deploy', 'a', '1', '--to', 'QA', '--timeout', '5m'], '--timeout belongs to --wait'],
    [['deploy', 'a', '1', '--to', 'QA', '--gate', 'x'], '--gate takes name=value'],
    [['deployments', 'promote', 'x'], "required option '--reason <words>' not specified"],
    [['deployments', 'rollback'], "missing required argument 'id'"],
    [['deployments', 'retry', 'x', '--to', 'y'], "unknown option '--to'"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['nodes', 'list', '--nope'], "unknown option '--nope'"],
    [['deployments', 'list', '--limit', '0'], '--limit is a number'],
    [['release', 'push', 'a', '1', '--manifest', '/nope', '--artifact', '/nope'], 'cannot be read'],
    [['whoami'], 'Nobody is signed in'],
    [['keys', 'register', 'ci', '-N9SIJNB-kCPwPRKNNbylp_RbHtuyH26nzTrOi2hSXk'], 'Nobody is signed'],
    [['keys', 'register', 'ci', '--nope'], "unknown option '--nope'"],
    [['login', '--server', 'https://x'], 'use --password-stdin'],
    [['login'], 'tidegate login --server'],
  ])('ends with 1 and says why: %j', async (words, why) => {
    const { exitCode, stdout, stderr } = await run(words);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(why);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says in one sentence that a server does not answer, and as JSON when asked', async () => {
    const nowhere = { TIDEGATE_SERVER: 'http://127.0.0.1:9', TIDEGATE_TOKEN: 'secret-key' };
    const plain = await run(['nodes', 'list'], nowhere);
    expect([plain.exitCode, plain.stdout]).toEqual([3, '']);
    expect(plain.stderr).toMatch(
      /^tidegate: http:\/\/127\.0\.0\.1:9 does not answer \(.+\)\. .*\.\n$/,
    );
    const json = await run(['nodes', 'list', '--json'], nowhere);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'unreachable', exitCode: 3 } });
    expect(plain.stderr + json.stderr).not.toContain('secret-key');
  });
});

describe('the help', () => {
  it('fits 80 columns, and shows an example of each command', () => {
    for (const command of allOf(buildProgram(surroundings(), () => undefined))) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 80 });
      command.outputHelp();
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
      if (command.commands.length === 0) expect(help).toContain('Examples:\n  $ ');
    }
  });
});

describe('keys', () => {
  it('are made here, for the owner only, and never overwritten', async () => {
    const out = join(folder, 'key.pem');
    const { exitCode, stdout } = await run(['keys', 'create', '--out', out, '--json']);
    const { publicKey } = JSON.parse(stdout) as { publicKey: string };
    expect([exitCode, (await stat(out)).mode & 0o777]).toEqual([0, 0o600]);
    expect(Buffer.from(publicKey, 'base64url')).toHaveLength(32);
    const before = await readFile(out, 'utf8');
    expect((await run(['keys', 'create', '--out', out])).stderr).toContain('is there already');
    expect(await readFile(out, 'utf8')).toBe(before);
    expect((await run(['keys', 'public', out])).stdout).toBe(`${publicKey}\n`);
  });

  it('keep their private half on this machine', async () => {
    const out = join(folder, 'key.pem');
    await run(['keys', 'create', '--out', out]);
    const pem = await readFile(out, 'utf8');
    const [first, second, third] = await Promise.all([
      run(['keys', 'register', 'x', `@${out}`]),
      run(['keys', 'register', 'x', '--', pem]),
      run(['keys', 'register', 'x', pem]),
    ]);
    for (const { exitCode, stderr } of [first, second, third]) {
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(/must (stay here|not be an argument)/),
      ]);
      expect(stderr).not.toContain(pem.split('\n')[1]);
    }
    await writeFile(out, 'no key');
    expect((await run(['keys', 'public', out])).stderr).toContain('not a private key in PEM');
  });
});

describe('an access key', () => {
  // Written in two halves: scanners of this repository look for keys, too.
  const key = `tg_${'0123456789'.repeat(3)}AbCdEf`;

  it.each([
    [['whoami', '--token', key]],
    [[key]],
    [['deploy', key]],
    [['nodes', 'list', `--${key}`]],
    [['deploy', 'a', '1', '--to', 'QA', '--set', key]],
    [['access-keys', 'create', 'ci', '--permissions', 'deploy', '--metadata', key]],
    [['access-keys', 'rotate', key, '--overlap', key]],
    [['access-keys', 'revoke', key, '--json']],
    [['login', '--server', key, '--json']],
  ])('is repeated by no error: %#', async (words) => {
    const pipeline = { TIDEGATE_SERVER: 'http://127.0.0.1:9', TIDEGATE_TOKEN: key };
    for (const variables of [undefined, pipeline]) {
      const { exitCode, stdout, stderr } = await run(words, variables);
      expect(exitCode).not.toBe(0);
      expect(stderr).not.toBe('');
      expect(stdout + stderr).not.toContain(key);
    }
  });
});

describe('exit codes', () => {
  const refusal = (status: number) => new TidegateError({ code: 'x', detail: 'X.', status });
  it.each<[string, unknown, number]>([
    ['a bad request', refusal(400), 2],
    ['a missing sign-in', refusal(401), 2],
    ['a used-up quota', refusal(429), 2],
    ['a mistake of the server', refusal(500), 3],
    ['a server that is busy', refusal(503), 3],
    ['a server that is away', new UnreachableError('http://x', new Error('y')), 3],
    ['wrong usage', new CliError('x'), 1],
    ['an unknown option', new CommanderError(1, 'x', 'y'), 1],
    ['help', new CommanderError(0, 'x', 'y'), 0],
    ['a bug', new Error('x'), 3],
  ])('of %s', (_what, error, code) => expect(exitCodeOf(error)).toBe(code));

  it.each([
    ['Succeeded', 0],
    ['Rejected', 2],
    ['Failed', 3],
    ['RolledBack', 3],
    ['RollbackFailed', 3],
    ['Cancelled', 3],
  ])('of a deployment that is %s', (status, code) => expect(exitCodeOfStatus(status)).toBe(code));
});

describe('a refusal', () => {
  it('shows detail, code, id and what to do next, and obeys nothing in them', () => {
    const error = new TidegateError({
      code: 'no-serving-nodes',
      status: 409,
      id: 'id-1',
      detail: 'No node\u001b[2J is up.',
      details: { nodes: [{ name: 'node-1', state: 'Lost' }], empty: [], known: ['a', 'b'] },
    });
    expect(problemLines(error)).toEqual([
      'tidegate: No node\ufffd[2J is up.',
      '  node-1: Lost',
      '  known: a, b',
      '  code no-serving-nodes, id id-1',
      '  See the nodes: tidegate nodes list. Add one: tidegate nodes token --help',
    ]);
  });
});

it('says a check of the gate once in a log', () => {
  const lines: string[] = [];
  const show = plainLines(true, (more) => lines.push(...more));
  const at = (status: string, reason: string) =>
    ({
      status,
      moduleName: 'a',
      version: '1',
      waitingOn: null,
      reason: null,
      decision: null,
      gateCheck: { step: 'w1.x', verdict: 'waiting', reason, reading: null },
    }) as unknown as Deployment;
  show({ deployment: at('Running', '1 of 3'), events: [] });
  show({ deployment: at('Running', '1 of 3'), events: [] });
  show({ deployment: at('Succeeded', '3 of 3'), events: [] });
  expect(lines.map((line) => line.trim())).toEqual([
    'gate waiting: 1 of 3',
    'gate waiting: 3 of 3',
    'a 1: Succeeded',
  ]);
});
