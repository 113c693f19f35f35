import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { bodyOf } from '../commands/federated-create.command.js';
import { runCli } from '../program.js';
import { readCliEnvironment } from './cli-environment.js';
import { ConfigFile } from './config-file.js';
import { connect } from './connect.js';
import { KeptToken } from './kept-token.js';
import { runnerOf } from './runner.js';
import { WorkloadSession } from './workload-session.js';

interface Exchange {
  readonly subject_token: string;
  readonly subject_token_type: string;
  readonly tenant?: string;
}

/** A runner and a control plane: what a job's command line speaks to. */
let server: Server;
let url: string;
let folder: string;
let now: number;
let asked: { audience: string | null; authorization: string | undefined }[];
let exchanges: Exchange[];
let lives: { expires_in: number; renewable_for: number };
/** By subject token: it was exchanged. */
let used: Set<string>;
let polls: number;
let isRunnerDown: boolean;

const bodyIn = async (request: IncomingMessage) => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text || 'null') as Exchange;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-workload-'));
  [now, asked, exchanges, used, polls, isRunnerDown] = [1_000_000, [], [], new Set(), 0, false];
  lives = { expires_in: 300, renewable_for: 0 };
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    const say = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const refuse = (status: number, code: string, reason: string) =>
      say(status, { code, status, detail: code, details: { reason } });
    const { authorization } = request.headers;
    if (pathname === '/runner') {
      asked.push({ audience: searchParams.get('audience'), authorization });
      if (isRunnerDown) return say(503, {});
      return say(200, { value: `job-${asked.length}` });
    }
    if (pathname === '/api/v1/authentication/token') {
      void bodyIn(request).then((body) => {
        if (used.has(body.subject_token)) return refuse(403, 'subject-token-refused', 'used');
        used.add(body.subject_token);
        exchanges.push(body);
        say(200, {
          access_token: `access-${exchanges.length}`,
          ...lives,
          tenant: 'default',
          identity: 'shop',
          rule: 'main',
        });
      });
      return;
    }
    if (pathname === '/api/v1/deployments') return say(202, { id: ID, status: 'Queued' });
    if (authorization !== `Bearer access-${exchanges.length}`) {
      return refuse(401, 'unauthenticated', 'over');
    }
    polls += 1;
    // Each token is over after two looks.
    if (polls % 2 === 0) exchanges.push({ subject_token: 'cut', subject_token_type: 'cut' });
    say(200, deployment(polls >= 6 ? 'Succeeded' : 'Running'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const deployment = (status: string) => ({
  id: ID,
  status,
  sequence: 0,
  moduleName: 'shop',
  version: '1.0.0',
  progress: { percent: 0, step: null },
});

const github = (more: Record<string, string> = {}) => ({
  XDG_CONFIG_HOME: folder,
  TIDEGATE_SERVER: url,
  ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/runner?api-version=2`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the-secret-of-the-runner',
  ...more,
});
const gitlab = (idToken = 'job') => ({
  XDG_CONFIG_HOME: folder,
  TIDEGATE_SERVER: url,
  TIDEGATE_ID_TOKEN: idToken,
});

function session(variables: Record<string, string>): WorkloadSession {
  const { job } = readCliEnvironment(variables);
  const [runner, kept] = [runnerOf(job)!, new KeptToken(folder)];
  const { tenant, identity } = job;
  return new WorkloadSession({ server: url, runner, kept, tenant, identity, now: () => now });
}

async function run(words: string[], variables: Record<string, string>) {
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  const exitCode = await runCli(words, {
    streams,
    environment: readCliEnvironment(variables),
    version: '1.2.3',
    onInterrupt: () => () => undefined,
  });
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(streams.stdout), stderr: text(streams.stderr) };
}

describe('a job of GitHub', () => {
  it('asks its runner for the audience, and again before the token ends', async () => {
    const job = session(github({ TIDEGATE_TENANT: 'acme', TIDEGATE_IDENTITY: 'shop' }));
    expect(await Promise.all([job.token(), job.token()])).toEqual(['access-1', 'access-1']);
    expect(asked).toEqual([
      { audience: 'tidegate:acme:github', authorization: 'Bearer the-secret-of-the-runner' },
    ]);
    expect(exchanges[0]).toMatchObject({
      subject_token: 'job-1',
      tenant: 'acme',
      identity: 'shop',
    });
    now += 239_000;
    expect(await job.token()).toBe('access-1');
    now += 2_000;
    expect(await job.token()).toBe('access-2');
    expect(exchanges[1]?.subject_token).toBe('job-2');
  });

  it('uses what is left of a token while its runner is away', async () => {
    const job = session(github());
    await job.token();
    isRunnerDown = true;
    now += 270_000;
    expect(await job.token()).toBe('access-1');
    now += 31_000;
    await expect(job.token()).rejects.toThrow('does not answer (HTTP 503)');
    isRunnerDown = false;
    expect(await job.token()).toBe('access-2');
  });

  it('deploys and follows with one token after the other, as long as it takes', async () => {
    const words = ['deploy', 'shop', '1.0.0', '--to', 'Production', '--wait', '--json'];
    const { exitCode, stdout, stderr } = await run(words, github());
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n').at(-1)).toContain('Succeeded');
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(stdout).not.toContain('access-');
  }, 20_000);
});

describe('a job of GitLab', () => {
  it('shares one exchange among its commands, and renews it until its token is over', async () => {
    lives = { expires_in: 900, renewable_for: 1_500 };
    expect(await session(gitlab()).token()).toBe('access-1');
    const second = session(gitlab());
    expect(await second.token()).toBe('access-1');
    expect(exchanges).toHaveLength(1);
    const [file] = (await readdir(folder)).filter((name) => name.startsWith('workload-'));
    const path = join(folder, file!);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toContain('"job"');
    now += 850_000;
    lives = { expires_in: 650, renewable_for: 650 };
    expect(await second.token()).toBe('access-2');
    expect(exchanges[1]).toMatchObject({
      subject_token: 'access-1',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    // The last is used to its very end, and then it is said what has happened.
    now += 649_000;
    expect(await second.token()).toBe('access-2');
    now += 2_000;
    await expect(second.token()).rejects.toThrow(/token of this job has expired.*continues/);
    await expect(second.token()).rejects.toMatchObject({ exitCode: 4 });
    expect(exchanges).toHaveLength(2);
  });

  it('takes no kept token that others could have written, nor one of another job', async () => {
    await session(gitlab()).token();
    const [file] = (await readdir(folder)).filter((name) => name.startsWith('workload-'));
    await session(gitlab('another')).token();
    expect(exchanges.map(({ subject_token }) => subject_token)).toEqual(['job', 'another']);
    await chmod(join(folder, file!), 0o644);
    await expect(session(gitlab()).token()).rejects.toMatchObject({
      code: 'subject-token-refused',
    });
  });

  it('leaves nothing behind for ever', async () => {
    const old = join(folder, `workload-${'0'.repeat(32)}.json`);
    await writeFile(old, '{}');
    await utimes(old, 1, 1);
    await session(gitlab()).token();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('reads a file anew that somebody keeps fresh', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'one\n');
    const variables = { XDG_CONFIG_HOME: folder, TIDEGATE_ID_TOKEN_FILE: file };
    const job = session(variables);
    await job.token();
    await writeFile(file, 'two\n');
    now += 301_000;
    await job.token();
    expect(exchanges.map(({ subject_token }) => subject_token)).toEqual(['one', 'two']);
    await writeFile(file, '');
    await expect(session(variables).token()).rejects.toThrow('holds no token');
  });
});

describe('a connection', () => {
  it('is a job’s when it says so, or when nobody is signed in', async () => {
    const to = async (variables: Record<string, string>) =>
      (await connect(readCliEnvironment(variables), {})).baseUrl;
    expect(await to(github())).toBe(url);
    expect(await to(gitlab())).toBe(url);
    await expect(to({ XDG_CONFIG_HOME: folder, TIDEGATE_ID_TOKEN: 'x' })).rejects.toThrow(
      'set TIDEGATE_SERVER',
    );
    await expect(
      to({ XDG_CONFIG_HOME: folder, TIDEGATE_SERVER: url, TIDEGATE_AUDIENCE: 'x' }),
    ).rejects.toThrow('id-token: write');
  });

  it('of somebody who is signed in stays theirs, though the runner offers a token', async () => {
    const environment = readCliEnvironment(github());
    await new ConfigFile(environment.configFile).save('default', {
      server: 'https://a.example',
      username: 'ada',
      tenant: 'default',
      accessToken: 'a1',
      refreshToken: 'r1',
    });
    await expect(connect(environment, {})).rejects.toThrow('is for https://a.example');
    const asked = readCliEnvironment(github({ TIDEGATE_AUDIENCE: 'tidegate:default:github' }));
    expect((await connect(asked, {})).baseUrl).toBe(url);
  });
});

describe('federated create', () => {
  const options = { permissions: 'deploy', module: [], environment: [], claim: [] };

  it('makes clauses of claims: texts for GitHub and GitLab, what they look like for others', async () => {
    const of = async (issuerKind: 'github' | 'generic', ...claim: string[]) =>
      (await bodyOf('x', { ...options, issuerKind, claim })).rules[0]!.clauses;
    expect(await of('github', 'repository_id=7', 'ref=refs/heads/main,refs/tags/v*')).toEqual([
      { claim: 'repository_id', oneOf: ['7'] },
      { claim: 'ref', oneOf: ['refs/heads/main', 'refs/tags/v*'] },
    ]);
    expect(await of('generic', 'build=7', 'is_main=true', 'name="7"')).toEqual([
      { claim: 'build', oneOf: [7] },
      { claim: 'is_main', oneOf: [true] },
      { claim: 'name', oneOf: ['7'] },
    ]);
    await expect(of('github')).rejects.toThrow('Say whom');
    await expect(of('github', 'ref=a', 'ref=b')).rejects.toThrow('with commas');
  });

  it('takes a list of permissions, modules and environments', async () => {
    const body = await bodyOf('x', {
      ...options,
      issuerKind: 'github',
      claim: ['a=1'],
      permissions: 'deployments:create,deployments:read',
      module: ['shop'],
      environment: ['QA'],
    });
    expect(body).toMatchObject({
      permissions: ['deployments:create', 'deployments:read'],
      modules: ['shop'],
      environments: ['QA'],
    });
  });
});
