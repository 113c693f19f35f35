import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createTidegate } from '#sdk';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { ADMIN_PASSWORD, Tidegate } from '../support/tidegate.js';

let tidegate: Tidegate;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-cli-e2e-'));
  tidegate = await Tidegate.start();
  await mkdir(join(folder, 'build'));
  await writeFile(join(folder, 'build', 'server.js'), 'setInterval(() => {}, 1000)');
  const manifest = { schema: 1, run: { command: 'node', args: ['server.js'] } };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
});
afterAll(async () => {
  await tidegate?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** One command line with a home of its own, in this process: a start of Node takes seconds here. */
async function cli(words: string[], variables: Record<string, string> = {}) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exitCode = await runCli(words, {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({ XDG_CONFIG_HOME: folder, ...variables }),
    version: '0.0.0',
    onInterrupt: () => () => undefined,
  });
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

/** The program as a person starts it. */
async function program(words: string[], input = '') {
  const child = spawn(
    process.execPath,
    [
      '--conditions=tidegate-source',
      '--import',
      './test/support/register-typescript.mjs',
      'src/apps/cli/main.ts',
      ...words,
    ],
    { env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: folder } },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(input);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

const push = (version: string, ...more: string[]) => [
  'release',
  'push',
  'payments',
  version,
  '--manifest',
  join(folder, 'manifest.json'),
  '--artifact',
  join(folder, 'build'),
  ...more,
];

describe('the command line against a running server', () => {
  it('signs in, and keeps the tokens where only their owner reads them', async () => {
    const server = ['--server', tidegate.url];
    const login = ['login', ...server, '--username', 'admin', '--password-stdin'];
    const refused = await program(login, 'wrong\n');
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('code login-failed, id ');
    const signedIn = await program(login, `${ADMIN_PASSWORD}\n`);
    expect(signedIn).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('as admin') });
    const file = join(folder, 'tidegate', 'config.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain(ADMIN_PASSWORD);
    const { exitCode, stdout } = await program(['whoami', '--json']);
    expect([exitCode, JSON.parse(stdout).user.username]).toEqual([0, 'admin']);
  });

  it('invites people, changes what they may do, and removes them', async () => {
    const json = async (words: string[]) => {
      const { exitCode, stdout, stderr } = await cli([...words, '--json']);
      expect([words, exitCode, stderr]).toEqual([words, 0, '']);
      return JSON.parse(stdout);
    };
    const role = ['--role', 'Operator:payments@QA'];
    const { link } = await json(['users', 'invite', 'ada@example.org', ...role]);
    expect((await json(['users', 'invitations'])).items).toMatchObject([
      { email: 'ada@example.org', roles: [{ role: 'Operator', modules: ['payments'] }] },
    ]);
    const body = { token: link.split('#')[1], username: 'ada', password: 'five boats on a lake' };
    const joined = await fetch(`${tidegate.url}/api/v1/authentication/invitations/accept`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(joined.status).toBe(200);
    const shown = await cli(['users', 'show', 'ada']);
    expect(shown.stdout).toContain('roles   Operator:payments@QA');
    await json(['users', 'set-roles', 'ada', '--role', 'Viewer']);
    expect((await json(['users', 'show', 'ada'])).roles).toMatchObject([{ role: 'Viewer' }]);
    await json(['users', 'remove', 'ada']);
    const { items } = await json(['users', 'list']);
    expect(items.map(({ username }: { username: string }) => username)).toEqual(['admin']);
    expect((await cli(['users', 'remove', 'admin'])).stderr).toContain('code last-admin');
  });

  it('switches to another tenant and back, and lists and ends sessions', async () => {
    const whoami = async () => JSON.parse((await cli(['whoami', '--json'])).stdout).user;
    for (const tenant of ['platform', 'default']) {
      expect((await cli(['switch-tenant', tenant])).exitCode).toBe(0);
      expect((await whoami()).tenant).toBe(tenant);
    }
    const { items } = JSON.parse((await cli(['sessions', 'list', '--json'])).stdout);
    const mine = items.find(({ isCurrent }: { isCurrent: boolean }) => isCurrent);
    expect(mine.tenant).toBe('default');
    expect((await cli(['sessions', 'end', mine.id])).exitCode).toBe(0);
    expect((await cli(['whoami'])).exitCode).not.toBe(0);
    const login = ['login', '--server', tidegate.url, '--username', 'admin', '--password-stdin'];
    expect((await program(login, `${ADMIN_PASSWORD}\n`)).exitCode).toBe(0);
  });

  it('pushes a directory, and the same again changes nothing', async () => {
    const first = await cli(push('1.0.0', '--json'));
    const second = await cli(push('1.0.0', '--json'));
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    expect(JSON.parse(first.stdout)).toMatchObject({ isNew: true, release: { version: '1.0.0' } });
    expect(JSON.parse(second.stdout)).toEqual({ ...JSON.parse(first.stdout), isNew: false });
  });

  it('signs what the server believes', async () => {
    const key = join(folder, 'key.pem');
    const made = await cli(['keys', 'create', '--out', key, '--json']);
    await cli(['keys', 'register', 'build-server', JSON.parse(made.stdout).publicKey as string]);
    const signed = await cli(push('1.1.0', '--sign', key, '--key-id', 'build-server', '--json'));
    expect([signed.exitCode, signed.stderr]).toEqual([0, '']);
    expect(JSON.parse(signed.stdout).release.signature.keyName).toBe('build-server');
  });

  it('keeps roles and groups, and says who may do what', async () => {
    const json = async (...words: string[]) => {
      const { exitCode, stdout, stderr } = await cli([...words, '--json']);
      expect([words, exitCode, stderr]).toEqual([words, 0, '']);
      return JSON.parse(stdout);
    };
    await json('roles', 'create', 'promoter', '--permission', 'deployments:promote');
    const wider = ['--permission', 'deployments:promote', 'deployments:read'];
    const role = await json('roles', 'set', 'promoter', ...wider);
    expect(role).toMatchObject({
      version: 2,
      permissions: ['deployments:promote', 'deployments:read'],
    });
    await json('groups', 'create', 'payments');
    await json('groups', 'add', 'payments', 'admin');
    expect((await json('groups', 'members', 'payments')).items).toMatchObject([
      { username: 'admin' },
    ]);
    const scope = ['--module', 'payments', '--environment', 'QA', 'Staging'];
    const binding = await json('roles', 'bind', 'promoter', '--group', 'payments', ...scope);
    expect((await json('roles', 'bindings', '--role', 'promoter')).items).toEqual([binding]);
    expect(await json('can', 'deployments:promote', '--module', 'payments')).toMatchObject({
      allowed: true,
    });
    expect(await cli(['can', 'tenants:manage'])).toMatchObject({
      exitCode: expect.any(Number),
      stdout: expect.stringMatching(/^(Yes, by role PlatformAdmin|No\. Roles)/),
    });
    expect((await cli(['roles', 'delete', 'promoter'])).stderr).toContain('code role-in-use');
    await json('roles', 'show', 'promoter');
    await json('groups', 'list');
    await json('roles', 'list');
    await cli(['groups', 'remove', 'payments', 'nobody']);
  });

  it('sets, compares and takes back settings at their levels', async () => {
    const json = async (...words: string[]) => {
      const { exitCode, stdout, stderr } = await cli([...words, '--json']);
      expect([words, exitCode, stderr]).toEqual([words, 0, '']);
      return JSON.parse(stdout);
    };
    const key = 'deployments.queued-per-slot';
    const qa = ['--environment', 'QA'];
    const set = await json('settings', 'set', key, '20', ...qa, '--reason', 'a test');
    expect(set).toMatchObject({ value: 20, source: 'environment', version: 1 });
    const conflict = await json('settings', 'set', 'deployments.on-conflict', 'supersede');
    expect(conflict).toMatchObject({ value: 'supersede', source: 'tenant' });
    expect((await json('settings', 'list', '--set')).items).toMatchObject([
      { key: 'deployments.on-conflict', value: 'supersede' },
    ]);
    expect((await json('settings', 'diff', 'QA', 'Staging')).items).toMatchObject([
      { key, value: 20, other: 100 },
    ]);
    const shown = await cli(['settings', 'get', key, ...qa]);
    expect(shown.stdout).toMatch(
      /^deployments.queued-per-slot = 20 \(environment\)\n {2}default +100\n {2}QA +20 by admin/,
    );
    await json('settings', 'unset', key, ...qa);
    const told = await cli(['settings', 'history', key]);
    expect(told.stdout).toMatch(/admin +QA +20 → -\n.+admin +QA +- → 20 +a test/);
    const wrong = await cli(['settings', 'set', key, 'many']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('value')]);
    await json('settings', 'unset', 'deployments.on-conflict');
    expect((await json('settings', 'diff')).items).toEqual([]);
  });

  it('ends with 2 when a deployment is refused, dry run or not', async () => {
    const deploy = ['deploy', 'payments', '1.0.0', '--to', 'QA'];
    for (const words of [deploy, [...deploy, '--dry-run'], [...deploy, '--wait']]) {
      const { exitCode, stdout, stderr } = await cli(words);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toContain('code no-serving-nodes, id ');
      expect(stderr).toContain('tidegate nodes list');
    }
    const json = await cli([...deploy, '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({
      error: { code: 'no-serving-nodes', status: 409, exitCode: 2 },
    });
  });

  it.each([
    ['nodes', 'list'],
    ['deployments', 'list'],
    ['environments', 'list'],
    ['keys', 'list'],
  ])('gives JSON for %s %s', async (...words) => {
    const { exitCode, stdout, stderr } = await cli([...words, '--json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ items: expect.any(Array) });
  });

  it('lists environments with what sets them apart', async () => {
    const client = await tidegate.client();
    const path = '/environments/QA';
    const {
      id: _id,
      name: _name,
      createdAt: _at,
      hasApprovalPolicies: _has,
      version,
      ...rules
    } = (await client.get(path)).body;
    const labels = { region: 'eu', tier: 'two' };
    await client.put(path, { ...rules, labels }, { 'if-match': `"${version}"` });
    const { stdout } = await cli(['environments', 'list']);
    expect(stdout).toMatch(/ LABELS\n/);
    expect(stdout).toMatch(/^QA .* queue +region=eu, tier=two$/m);
  });

  it('makes an approval policy, changes what is named of it, and deletes it', async () => {
    const policies = (...words: string[]) => cli(['approval-policies', ...words]);
    const made = ['create', 'one admin', '--everywhere', '--role', 'Admin', '--label', 'tier=gold'];
    expect((await policies(...made)).stdout).toContain('"one admin" counts from now on');
    expect((await policies('list')).stdout).toMatch(
      /^one admin +all +tier=gold +Admin +1 +requester$/m,
    );
    expect((await cli(['environments', 'list'])).stdout).toMatch(/^QA .* by policy /m);
    const changed = await policies(
      'update',
      'one admin',
      '--reason',
      '--no-bars',
      '--timeout',
      '8h',
    );
    expect(changed.stdout).toMatch(
      /for +tier=gold[\s\S]*barred +nobody[\s\S]*a reason is required/,
    );
    expect(await policies('update', 'one admin', '--quorum', '9')).toMatchObject({ exitCode: 2 });
    expect((await policies('delete', 'one admin')).stdout).toContain('Deleted.');
    expect((await policies('show', 'one admin')).exitCode).toBe(2);
  });

  it('deploys to a real node and follows it to its end', async () => {
    await tidegate.addNodes(1, { environment: 'Development' });
    const deploy = ['deploy', 'payments', '1.0.0', '--to', 'Development', '--timeout', '60s'];
    const planned = await cli(['deploy', 'payments', '1.0.0', '--to', 'Development', '--dry-run']);
    expect(planned).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('move 1 node in 1 wave,'),
    });
    const followed = await cli([...deploy, '--wait', '--json']);
    expect([followed.exitCode, followed.stderr]).toEqual([0, '']);
    const lines = followed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ type: 'accepted' });
    expect(lines.at(-1)).toMatchObject({ type: 'deployment', deployment: { status: 'Succeeded' } });
    const sequences = lines.flatMap(({ event }) => event?.sequence ?? []) as number[];
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    const { id } = lines[0].deployment as { id: string };
    const watched = await cli(['deployments', 'watch', id, '--utc']);
    expect(watched.exitCode).toBe(0);
    expect(watched.stdout).toMatch(/^\d\d:\d\d:\d\dZ {2}requested by admin\n/);
    expect(watched.stdout).toMatch(/payments 1\.0\.0: Succeeded\n$/);
    const late = await cli(['deployments', 'pause', id]);
    expect([late.exitCode, late.stderr]).toEqual([
      2,
      expect.stringContaining('state-not-suitable'),
    ]);
    expect((await cli(['explain', id])).stdout).toContain('Succeeded: ');
  });

  it('rolls a succeeded deployment back to what ran before', async () => {
    const deploy = ['deploy', 'payments', '1.1.0', '--to', 'Development', '--timeout', '60s'];
    const deployed = await cli([...deploy, '--wait', '--json']);
    expect([deployed.exitCode, deployed.stderr]).toEqual([0, '']);
    const { id } = JSON.parse(deployed.stdout.split('\n')[0]!).deployment as { id: string };
    expect((await cli(['explain', id])).stdout).toContain(`tidegate deployments rollback ${id}`);
    const rollback = ['deployments', 'rollback', id, '--reason', 'orders are rejected'];
    const back = await cli([...rollback, '--wait', '--json']);
    expect([back.exitCode, back.stderr]).toEqual([0, '']);
    expect(JSON.parse(back.stdout.trim().split('\n').at(-1)!).deployment).toMatchObject({
      status: 'Succeeded',
      kind: 'rollback',
      originId: id,
      version: '1.0.0',
    });
    expect((await cli(['nodes', 'list'])).stdout).toMatch(/ payments 1\.0\.0\n$/);
    const again = await cli(['deployments', 'retry', id]);
    expect([again.exitCode, again.stderr]).toEqual([
      2,
      expect.stringContaining('state-not-suitable'),
    ]);
  });

  it('writes the receipt of what it has waited for, which is checked here', async () => {
    const [file, keys] = [join(folder, 'receipt.json'), join(folder, 'audit-keys.txt')];
    const deploy = ['deploy', 'payments', '1.1.0', '--to', 'Development', '--timeout', '60s'];
    expect((await cli([...deploy, '--receipt', file])).stderr).toContain('belongs to --wait');
    const nowhere = await cli([...deploy, '--wait', '--receipt', join(folder, 'none', 'r.json')]);
    expect([nowhere.exitCode, nowhere.stdout]).toEqual([1, '']);
    const deployed = await cli([...deploy, '--wait', '--receipt', file]);
    expect([deployed.exitCode, deployed.stderr]).toEqual([0, expect.stringContaining(file)]);
    const client = await tidegate.client();
    await writeFile(keys, `# of the auditor\n${(await client.get('/audit-logs/key')).body.key}\n`);
    const verify = ['receipt', 'verify', file];
    const verified = await cli([...verify, '--trust', keys, '--utc']);
    expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^VERIFIED/);
    expect(verified.stdout).toContain('payments 1.1.0 to Development/local: Succeeded');
    const alone = await cli(verify);
    expect([alone.exitCode, alone.stdout]).toEqual([1, expect.stringMatching(/^UNVERIFIED/)]);
    const { deploymentId } = JSON.parse(await readFile(file, 'utf8')) as { deploymentId: string };
    const again = await cli(['receipt', 'get', deploymentId]);
    const other = join(folder, 'other.json');
    await writeFile(other, again.stdout.replaceAll('"version": "1.1.0"', '"version": "1.0.0"'));
    const refused = await cli(['receipt', 'verify', other, '--trust', keys, '--json']);
    expect([refused.exitCode, JSON.parse(refused.stdout)]).toMatchObject([
      3,
      { is: 'refused', faults: [{ code: 'signature' }, { code: 'summary' }], summary: null },
    ]);
  });

  it('cordons a node by its name', async () => {
    expect((await cli(['nodes', 'cordon', 'node-1'])).stdout).toBe('node-1 is Cordoned now.\n');
    expect((await cli(['nodes', 'uncordon', 'node-1'])).exitCode).toBe(0);
    const unknown = await cli(['nodes', 'cordon', 'nobody']);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      'tidegate: There is no node named "nobody".\n',
    ]);
  });

  it('says which proxies a cluster trusts', async () => {
    const said = await cli([
      'clusters',
      'trust',
      'local',
      '::ffff:10.0.0.0/104',
      '--environment',
      'QA',
    ]);
    expect([said.stdout, said.stderr]).toEqual(['local trusts 10.0.0.0/8 now.\n', '']);
    expect((await cli(['clusters', 'list', '--environment', 'QA'])).stdout).toMatch(
      / 10\.0\.0\.0\/8\n/,
    );
    const wrong = await cli(['clusters', 'trust', 'local', 'lb', '--environment', 'QA']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('"lb" is no address'),
    ]);
    for (const networks of [[], ['10.0.0.0/8', '--none']]) {
      const usage = await cli(['clusters', 'trust', 'local', ...networks, '--environment', 'QA']);
      expect([usage.exitCode, usage.stderr]).toEqual([
        1,
        'tidegate: Name the proxies, or give --none.\n',
      ]);
    }
    const none = await cli(['clusters', 'trust', 'local', '--none', '--environment', 'QA']);
    expect(none.stdout).toBe('local trusts nobody now.\n');
  });

  it('deploys from a pipeline with an access key, which it shows once', async () => {
    const create = ['access-keys', 'create', 'github', '--permissions', 'deploy'];
    const made = await cli([...create, '--environment', 'Development', '--metadata', 'for=CI']);
    expect([made.exitCode, made.stderr]).toEqual([0, '']);
    const secret = made.stdout.split('\n')[0]!;
    expect(secret).toMatch(/^tg_[0-9A-Za-z]{36}$/);
    expect(made.stdout).toContain('TIDEGATE_TOKEN');
    const pipeline = { TIDEGATE_SERVER: tidegate.url, TIDEGATE_TOKEN: secret };
    const who = await cli(['whoami'], pipeline);
    expect(who.stdout).toMatch(/^key:github of default at .*\n {2}access key {3}github of admin,/);
    const deploy = ['deploy', 'payments', '1.1.0', '--to', 'Development', '--timeout', '60s'];
    const deployed = await cli([...deploy, '--wait'], pipeline);
    expect([deployed.exitCode, deployed.stderr]).toEqual([
      0,
      expect.stringMatching(/^Deployment [0-9a-f-]{36}\n/),
    ]);
    expect(deployed.stdout).toContain('requested by key:github');
    const child = await cli(['access-keys', 'create', 'x', '--permissions', 'deploy'], pipeline);
    expect([child.exitCode, child.stderr]).toEqual([2, expect.stringContaining('people-only')]);
    const shown = await cli(['access-keys', 'show', 'github']);
    expect(shown.stdout).toMatch(/last used +\d.* from 127\.0\.0\.0\/24/);
    expect(shown.stdout).toContain('for=CI');
    const rotated = await cli(['access-keys', 'rotate', 'github', '--overlap', '0', '--json']);
    expect(JSON.parse(rotated.stdout)).toMatchObject({ name: 'github', state: 'good' });
    const refused = await cli(['nodes', 'list'], pipeline);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('has expired')]);
    await cli(['access-keys', 'revoke', 'github']);
    const outputs = [who, deployed, child, shown, refused, await cli(['access-keys', 'list'])];
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(secret);
  });

  it('keeps service accounts and their keys', async () => {
    const made = await cli(['service-accounts', 'create', 'nightly']);
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toContain('tidegate roles bind Deployer --service-account nightly');
    await cli(['service-accounts', 'rename', 'nightly', 'weekly']);
    const keys = ['service-accounts', 'keys'];
    const create = [...keys, 'create', 'weekly', 'runner', '--permissions', 'read-only', '--json'];
    const { secret } = JSON.parse((await cli(create)).stdout) as { secret: string };
    const listed = await cli([...keys, 'list', 'weekly']);
    expect(listed.stdout).toMatch(/^runner +tg_\w{8}… +weekly +read-only +good /m);
    expect(listed.stdout).not.toContain(secret);
    expect((await cli(['service-accounts', 'disable', 'weekly'])).stdout).toBe(
      'weekly is disabled.\n',
    );
    expect((await cli(['service-accounts', 'list'])).stdout).toMatch(/^weekly .*disabled /m);
    await cli(['service-accounts', 'enable', 'weekly']);
    expect((await cli(['service-accounts', 'delete', 'weekly'])).exitCode).toBe(0);
    expect(JSON.parse((await cli(['service-accounts', 'list', '--json'])).stdout)).toEqual({
      items: [],
    });
  });

  it('ends the session on the server and forgets it', async () => {
    const file = JSON.parse(await readFile(join(folder, 'tidegate', 'config.json'), 'utf8'));
    const { accessToken, refreshToken } = file.contexts.default;
    expect((await cli(['logout'])).stdout).toBe('Signed out.\n');
    expect((await cli(['whoami'])).exitCode).toBe(1);
    const tokens = {
      read: () => Promise.resolve({ accessToken: 'over', refreshToken: refreshToken as string }),
      write: () => Promise.resolve(),
    };
    const { api } = createTidegate({ baseUrl: tidegate.url, tokens });
    await expect(api.GET('/api/v1/nodes')).rejects.toMatchObject({ status: 401 });
    expect(accessToken).toMatch(/^ey/);
  });

  it('lists and rotates the keys of access tokens for who runs the platform', async () => {
    const platform = ['--context', 'platform', '--json'];
    const as = ['--username', 'admin', '--tenant', 'platform', '--password-stdin'];
    const login = ['login', '--server', tidegate.url, ...as, '--context', 'platform'];
    expect(await program(login, `${ADMIN_PASSWORD}\n`)).toMatchObject({ exitCode: 0 });
    const list = async () => {
      const { exitCode, stdout } = await cli(['platform', 'token-keys', 'list', ...platform]);
      expect(exitCode).toBe(0);
      return (JSON.parse(stdout) as { items: { kid: string; state: string }[] }).items;
    };
    expect(await list()).toMatchObject([{ state: 'signing' }]);
    const rotated = await cli(['platform', 'token-keys', 'rotate', ...platform]);
    expect(JSON.parse(rotated.stdout)).toMatchObject({ state: 'coming', origin: 'command' });
    const again = await cli(['platform', 'token-keys', 'rotate', ...platform]);
    expect(again).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('token-key-rotation-under-way'),
    });
    expect((await list()).map(({ state }) => state)).toEqual(['coming', 'signing']);
  });
});
