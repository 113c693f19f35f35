/**
 * The workflows of docs/ci.md, run as their runners would: each step by a shell, against a server that lets
 * the jobs of a local issuer in. What is not ours (`npm`) is a stand-in; `tidegate` is the real program.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { parse } from 'yaml';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { systemClock } from '../../src/kernel/clock.js';
import { CiIssuer, githubJob } from '../support/ci-issuer.js';
import type { Client } from '../support/client.js';
import { Tidegate } from '../support/tidegate.js';

const RUNNER_SECRET = 'the secret of the runner';

let tidegate: Tidegate;
let issuer: CiIssuer;
/** What gives a job of GitHub its tokens. */
let runner: Server;
let admin: Client;
let home: string;
let workflows: string[];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-ci-'));
  issuer = await CiIssuer.start(systemClock);
  tidegate = await Tidegate.start({ environment: { TIDEGATE_OUTBOUND_ALLOW: '127.0.0.0/8' } });
  admin = await tidegate.client();
  await tidegate.addNodes(1, { environment: 'Production' });
  await setProduction();
  await writePrograms();
  runner = createServer((request, response) => {
    const audience = new URL(request.url!, 'http://runner').searchParams.get('audience');
    const isGood = request.headers.authorization === `Bearer ${RUNNER_SECRET}`;
    const claims = { ...githubJob, environment: 'production', aud: audience };
    const token = isGood ? issuer.token(claims) : Promise.resolve(null);
    void token.then((value) => response.end(JSON.stringify({ value })));
  });
  await new Promise<void>((done) => runner.listen(0, '127.0.0.1', done));
  const page = await readFile('docs/ci.md', 'utf8');
  workflows = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
}, 180_000);
afterAll(async () => {
  runner?.close();
  await issuer?.close();
  await tidegate?.stop();
  await rm(home, { recursive: true, force: true });
});

/** As an installation that wants neither signatures nor gates there: neither is what is looked at. */
async function setProduction(): Promise<void> {
  const path = '/environments/Production';
  const { body: now } = await admin.get(path);
  const { id: _i, name: _n, createdAt: _c, hasApprovalPolicies: _h, version, ...rules } = now;
  const defaults = { strategy: { kind: 'direct' }, gate: { kind: 'stabilization' } };
  const wanted = {
    ...rules,
    defaults,
    allowedStrategies: ['direct'],
    signaturePolicy: 'if-present',
  };
  const { status, body } = await admin.put(path, wanted, { 'if-match': `"${version}"` });
  if (status !== 200) throw new Error(JSON.stringify(body));
}

async function writePrograms(): Promise<void> {
  const bin = join(home, 'bin');
  await mkdir(bin);
  const node = `exec "${process.execPath}" --conditions=tidegate-source --import "${resolve('test/support/register-typescript.mjs')}" "${resolve('src/apps/cli/main.ts')}" "$@"`;
  const build = `mkdir -p build && echo 'setInterval(() => {}, 1000)' > build/server.js`;
  const programs = { tidegate: node, npm: `[ "$1" = ci ] || { ${build}; }` };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
}

/** One command line of the person who lets pipelines in. */
async function cli(...words: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exitCode = await runCli(words, {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({
      XDG_CONFIG_HOME: home,
      TIDEGATE_SERVER: tidegate.url,
      TIDEGATE_TOKEN: admin.token,
    }),
    version: '0.0.0',
    onInterrupt: () => () => undefined,
  });
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

/** A job's steps in a checkout of its own, by the shell that runners use. Answers what they printed. */
async function runJob(
  steps: readonly string[],
  variables: Record<string, string>,
): Promise<string> {
  const checkout = await mkdtemp(join(home, 'job-'));
  const manifest = { schema: 1, run: { command: 'node', args: ['server.js'] } };
  await writeFile(join(checkout, 'manifest.json'), JSON.stringify(manifest));
  const PATH = `${join(home, 'bin')}:${process.env['PATH']}`;
  let output = '';
  for (const step of steps) {
    const child = spawn('bash', ['-eo', 'pipefail', '-c', step], {
      cwd: checkout,
      env: { PATH, HOME: checkout, XDG_CONFIG_HOME: checkout, ...variables },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`exit code ${code} of: ${step}\n${output}`);
  }
  return output;
}

const githubRunner = () => {
  const { port } = runner.address() as AddressInfo;
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: RUNNER_SECRET,
  };
};

const deployed = async (version: string) => {
  const { items } = (await admin.get('/deployments')).body as {
    items: { version: string; status: string; requestedBy: string }[];
  };
  const { status, requestedBy } = items.find((each) => each.version === version)!;
  return { status, requestedBy };
};

describe('the command line says whom to let in', () => {
  it('creates, shows, changes, tries out, shuts out, lets in again and deletes', async () => {
    const local = ['--issuer', issuer.url, '--audience', 'tidegate:default:builds'];
    const words = ['federated', 'create', 'builds', '--issuer-kind', 'generic', ...local];
    const made = await cli(...words, '--claim', '/run/pipeline=7', '--permissions', 'read-only');
    expect([made.exitCode, made.stderr]).toEqual([0, '']);
    expect(made.stdout).toContain('audience tidegate:default:builds');
    expect((await cli('federated', 'list')).stdout).toMatch(/^builds +generic .* enabled +never/m);
    const set = await cli('federated', 'set', 'builds', '--module', 'shop', '--description', 'x');
    expect([set.exitCode, set.stderr]).toEqual([0, '']);
    const shown = JSON.parse((await cli('federated', 'show', 'builds', '--json')).stdout);
    expect(shown).toMatchObject({
      description: 'x',
      modules: ['shop'],
      environments: null,
      rules: [{ name: 'main', clauses: [{ claim: '/run/pipeline', oneOf: [7] }] }],
      version: 2,
    });
    const file = join(home, 'token.jwt');
    const test = async (pipeline: number) => {
      const claims = { aud: 'tidegate:default:builds', run: { pipeline } };
      await writeFile(file, await issuer.token(claims));
      return cli('federated', 'test', 'builds', '--token-file', file);
    };
    expect(await test(7)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('let in') });
    const refused = await test(8);
    expect([refused.exitCode, refused.stdout]).toEqual([
      2,
      expect.stringContaining('/run/pipeline: expected 7, received 8'),
    ]);
    expect((await cli('federated', 'disable', 'builds')).stdout).toContain('shut out');
    expect((await test(7)).stdout).toContain('NO  disabled');
    expect((await cli('federated', 'enable', 'builds')).exitCode).toBe(0);
    expect((await test(7)).exitCode).toBe(0);
    expect((await cli('federated', 'delete', 'builds')).exitCode).toBe(0);
    const gone = await cli('federated', 'show', 'builds');
    expect([gone.exitCode, gone.stderr]).toEqual([2, expect.stringContaining('named "builds"')]);
  });
});

describe('the workflow for', () => {
  const usual = () => ['--module', 'shop', '--environment', 'Production', '--issuer', issuer.url];
  const claims = (of: Record<string, string>) =>
    Object.entries(of).flatMap(([name, value]) => ['--claim', `${name}=${value}`]);

  it('GitHub Actions deploys, with tokens that its runner gives', async () => {
    const rule = claims({
      repository_id: '718293104',
      repository_owner_id: '9919',
      environment: 'production',
    });
    const words = ['shop-release', '--issuer-kind', 'github', ...usual(), ...rule];
    const audience = ['--audience', 'tidegate:default:github'];
    const made = await cli('federated', 'create', ...words, ...audience);
    expect([made.exitCode, made.stderr]).toEqual([0, '']);
    const { deploy } = parse(workflows[0]!).jobs as Record<
      string,
      { env: Record<string, string>; steps: { run?: string }[] }
    >;
    const steps = deploy!.steps.flatMap(({ run }) => run ?? []);
    expect(steps).toHaveLength(3);
    await runJob(steps, {
      ...deploy!.env,
      ...githubRunner(),
      TIDEGATE_SERVER: tidegate.url,
      GITHUB_ACTIONS: 'true',
      GITHUB_RUN_NUMBER: '7',
      GITHUB_RUN_ID: '16042',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_SHA: githubJob.sha,
    });
    expect(await deployed('1.0.7')).toEqual({
      status: 'Succeeded',
      requestedBy: 'ci:shop-release',
    });
    // And the step that fetches a token to look at.
    const [look] = parse(workflows[2]!).steps as { run: string }[];
    const variables = githubRunner();
    const printed = await runJob([look!.run, 'tidegate federated --help | head -1'], variables);
    expect(printed).toContain('Usage: tidegate federated');
    expect(printed).not.toContain('eyJ');
  }, 120_000);

  it('GitLab deploys, by the one token of its job', async () => {
    const rule = claims({
      project_id: '46573356',
      namespace_id: '68413579',
      ref_protected: 'true',
      environment: 'production',
    });
    const words = ['shop-gitlab', '--issuer-kind', 'gitlab', ...usual(), ...rule];
    const audience = ['--audience', 'tidegate:default:gitlab'];
    // One audience is of one issuer: the local one has both, as GitHub's and GitLab's never do.
    const made = await cli('federated', 'create', ...words, ...audience);
    expect([made.exitCode, made.stderr]).toEqual([0, '']);
    const pipeline = parse(workflows[1]!) as Record<
      string,
      { script: string[]; variables: Record<string, string>; id_tokens: { [name: string]: object } }
    >;
    const { script, variables, id_tokens: tokens } = pipeline['deploy']!;
    const [[name, { aud }]] = Object.entries(tokens) as [[string, { aud: string }]];
    const job = await issuer.token({
      aud,
      sub: 'project_path:acme/shop:ref_type:branch:ref:main',
      project_id: '46573356',
      namespace_id: '68413579',
      ref_protected: 'true',
      environment: 'production',
      pipeline_source: 'push',
    });
    const printed = await runJob([...pipeline['build']!.script, ...script], {
      ...variables,
      [name]: job,
      TIDEGATE_SERVER: tidegate.url,
      GITLAB_CI: 'true',
      CI_PIPELINE_IID: '8',
      CI_PIPELINE_ID: '901',
      CI_COMMIT_SHA: '4f2c1e9d',
    });
    expect(printed).not.toContain(job);
    expect(await deployed('1.0.8')).toEqual({ status: 'Succeeded', requestedBy: 'ci:shop-gitlab' });
  }, 120_000);
});
