import { jest } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentRig, eventually, Traffic } from '../support/agent-rig.js';
import { freePort } from '../support/free-port.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

it('enrols once, deploys, reports and needs no token afterwards', async () => {
  rig.run(['--label', 'zone=a']);
  const release = await rig.server('1.0.0');
  rig.desire(1, [release]);
  const observed = await rig.until(1, 'healthy');
  expect(await rig.get()).toBe('1.0.0');
  expect(observed.endpoints).toEqual([`http://127.0.0.1:${rig.port}`]);
  expect(observed.running[0]).toMatchObject({ releaseId: release.releaseId });
  expect(statSync(join(rig.directory, 'node.key')).mode & 0o777).toBe(0o600);
  const metric = () => rig.plane.reports.at(-1)?.metrics[0];
  await eventually('the request is counted', () => (metric()?.requests ?? 0) > 0);
  expect(metric()).toMatchObject({ releaseId: release.releaseId, errors: 0 });
  expect(metric()!.memoryBytes).toBeGreaterThan(1_000_000);
  expect(metric()!.cpuMs).toBeGreaterThan(0);
  expect(await rig.end('SIGTERM')).toBe(0);
  expect(await rig.get()).toBe('1.0.0');
  const { length } = rig.plane.reports;
  rig.run(['--token', '']);
  await eventually('it reports again', () => rig.plane.reports.length > length);
  expect(rig.plane.seen.filter((path) => path === 'enroll')).toHaveLength(1);
  // It is no child of this agent, which finds its end all the same.
  await rig.get('/crash').catch(() => undefined);
  await eventually('it is started again', () => rig.starts('1.0.0') === 2);
  expect(rig.log).not.toContain(rig.plane.token);
});

it('gives a module its configuration and nothing of its own', async () => {
  rig.run();
  const manifest = { configuration: { COLOUR: 'red', SIZE: 'm' } };
  rig.desire(1, [await rig.server('1.0.0', manifest, { COLOUR: 'blue' })]);
  await rig.until(1, 'healthy');
  const environment = JSON.parse(await rig.get('/env')) as Record<string, string>;
  expect(environment).toMatchObject({ COLOUR: 'blue', SIZE: 'm', TIDEGATE_MODULE: 'orders' });
  expect(environment).not.toHaveProperty('NODE_OPTIONS');
  expect(JSON.stringify(environment)).not.toContain(rig.plane.token);
});

it('swaps to a new version without one failed request and stops the old one', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig);
  rig.desire(2, [await rig.server('2.0.0')]);
  await rig.until(2, 'healthy');
  await eventually('the old one ends', () => rig.diary.some((line) => /^1.0.0 term/.test(line)));
  await traffic.end();
  expect(await rig.get()).toBe('2.0.0');
  expect(traffic.failures).toEqual([]);
  expect(traffic.requests).toBeGreaterThan(20);
  expect([...traffic.versions].sort()).toEqual(['1.0.0', '2.0.0']);
});

it('goes back without a download, and keeps no more than the way back', async () => {
  rig.run();
  const [one, two, three] = await Promise.all(['1', '2', '3'].map((name) => rig.server(name)));
  const folder = join(rig.directory, 'modules', rig.moduleId, 'releases');
  for (const [index, release] of [one!, two!, three!].entries()) {
    rig.desire(index + 1, [release]);
    await rig.until(index + 1, 'healthy');
  }
  await eventually('the oldest is removed', () => readdirSync(folder).length === 2);
  const downloads = () => rig.plane.seen.filter((path) => path.startsWith('artifacts/')).length;
  expect(downloads()).toBe(3);
  rig.desire(4, [two!]);
  await rig.until(4, 'healthy');
  expect(await rig.get()).toBe('2');
  expect(downloads()).toBe(3);
});

it('keeps what it would go back to, however long an older one takes to end', async () => {
  rig.run();
  const over = join(rig.home, 'over');
  const stop = { command: 'sh', args: ['-c', `until [ -e ${over} ]; do sleep 0.05; done`] };
  const releases = [
    await rig.server('1', { hooks: { stop } }),
    ...(await Promise.all(['2', '3', '4'].map((name) => rig.server(name)))),
  ];
  const nameOf = (at: number) => releases[at]!.artifactDigest.replace('sha256:', '');
  const folder = join(rig.directory, 'modules', rig.moduleId, 'releases');
  for (const [index, release] of releases.entries()) {
    rig.desire(index + 1, [release]);
    await rig.until(index + 1, 'healthy');
  }
  expect(readdirSync(folder)).toContain(nameOf(0));
  writeFileSync(over, '');
  await eventually('the others are removed', () => readdirSync(folder).length === 2);
  expect(readdirSync(folder).sort()).toEqual([nameOf(2), nameOf(3)].sort());
  const downloads = () => rig.plane.seen.filter((path) => path.startsWith('artifacts/')).length;
  const before = downloads();
  rig.desire(5, [releases[2]!]);
  await rig.until(5, 'healthy');
  expect(downloads()).toBe(before);
});

it('keeps the old version when the new one is never healthy, and says why', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig, 2);
  const health = { startTimeoutMs: 5_000, intervalMs: 50 };
  rig.desire(2, [await rig.server('2.0.0', { health }, { HEALTH_STATUS: '503' })]);
  const failed = await rig.until(2, 'failed');
  expect(failed.reason?.code).toBe('never-healthy');
  expect(failed.reason?.message).toContain('hello from 2.0.0');
  expect(failed.reason?.message).toContain('503');
  await eventually('the bad one ends', () => rig.diary.some((line) => /^2.0.0 term/.test(line)));
  await traffic.end();
  expect(traffic.failures).toEqual([]);
  expect([...traffic.versions]).toEqual(['1.0.0']);
  expect(rig.starts('1.0.0')).toBe(1);
  expect(rig.starts('2.0.0')).toBe(1);
});

it('does not call a release healthy that dies a moment after its first good answer', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig, 2);
  const health = { intervalMs: 50, stableMs: 30_000 };
  rig.desire(2, [await rig.server('2.0.0', { health }, { LIVES_MS: '700' })]);
  const failed = await rig.until(2, 'failed');
  expect(failed.reason?.code).toBe('exited');
  expect(failed.reason?.message).toContain('code 9');
  await traffic.end();
  expect(traffic.failures).toEqual([]);
  expect([...traffic.versions]).toEqual(['1.0.0']);
});

it('does not call a worker healthy that dies within its time', async () => {
  rig.run();
  const health = { intervalMs: 50, stableMs: 30_000 };
  const script = 'setTimeout(() => process.exit(9), 500);';
  rig.desire(1, [await rig.worker('1.0.0', { health }, script)]);
  const failed = await rig.until(1, 'failed');
  expect(failed.reason?.code).toBe('exited');
  expect(failed.reason?.message).toContain('code 9');
});

it('shares the traffic of two releases as told, then takes the module away', async () => {
  rig.run();
  const one = await rig.server('1.0.0');
  const two = await rig.server('2.0.0');
  rig.desire(1, [one]);
  await rig.until(1, 'healthy');
  rig.desire(2, [
    { ...one, trafficPercent: 75 },
    { ...two, trafficPercent: 25 },
  ]);
  await rig.until(2, 'healthy');
  const answers: string[] = [];
  for (let request = 0; request < 100; request += 1) answers.push(await rig.get());
  expect(answers.filter((version) => version === '2.0.0')).toHaveLength(25);
  expect(rig.starts('1.0.0')).toBe(1);
  rig.desire(3, []);
  const absent = await rig.until(3, 'absent');
  expect(absent.running).toEqual([]);
  await expect(rig.get()).rejects.toThrow();
  expect(rig.diary.filter((line) => line.includes('term'))).toHaveLength(2);
});

it('restarts what crashes, and calls it failed when it goes on crashing', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  await rig.get('/crash').catch(() => undefined);
  await eventually('it is started again', () => rig.starts('1.0.0') === 2);
  await rig.until(1, 'healthy');
  expect(await rig.get()).toBe('1.0.0');
  await rig.get('/crash').catch(() => undefined);
  await eventually('and again', () => rig.starts('1.0.0') === 3);
  await rig.until(1, 'healthy');
  await rig.get('/crash').catch(() => undefined);
  const failed = await rig.until(1, 'failed');
  expect(failed.reason?.code).toBe('crash-loop');
  expect(failed.reason?.message).toContain('exited with code 7');
});

it('reports a port that another program has, for that module only', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const own = new URL(rig.plane.url).port;
  const taken = await rig.server('9', { traffic: { protocol: 'http', port: Number(own) } });
  const other = '01890000-0000-7000-8000-00000000000b';
  rig.desire(1, [taken], { moduleId: other, name: 'other' });
  const failed = await rig.until(1, 'failed', other);
  expect(failed.reason?.code).toBe('port-in-use');
  expect(failed.reason?.message).toMatch(`another program (`);
  expect(failed.reason?.message).toMatch(`pid ${process.pid})`);
  expect(failed.running).toEqual([]);
  expect(await rig.get()).toBe('1.0.0');
});

it('names the module that has the port, also one that has opened it itself', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const other = { moduleId: '01890000-0000-7000-8000-00000000000b', name: 'other' };
  rig.desire(1, [await rig.server('9')], other);
  const served = await rig.until(1, 'failed', other.moduleId);
  expect(served.reason?.message).toContain(`Port ${rig.port} is used by module "orders" on`);

  const own = await freePort();
  const script = `import { createServer } from 'node:http'; createServer().listen(${own}, '127.0.0.1');`;
  const worker = { moduleId: '01890000-0000-7000-8000-00000000000c', name: 'stubborn' };
  rig.desire(1, [await rig.worker('1', {}, script)], worker);
  await rig.until(1, 'healthy', worker.moduleId);
  rig.desire(2, [await rig.server('9', { traffic: { protocol: 'http', port: own } })], other);
  const opened = await rig.until(2, 'failed', other.moduleId);
  expect(opened.reason?.message).toContain('is used by module "stubborn", which has opened it');
});

it('says what is wrong with a command that cannot be started', async () => {
  rig.run();
  const faults = [
    [{ command: 'run.mjs' }, /"run\.mjs" is in the artifact.*say "\.\/run\.mjs" in run\.command/],
    [{ command: './run.mjs' }, /"\.\/run\.mjs" is not executable: run "chmod \+x"/],
    [
      { command: 'sh', args: ['-c', 'exit 127'] },
      /^orders 1 ended before it was healthy\. It exited/,
    ],
    [{ command: 'deep/run.mjs' }, /There is no "deep\/run\.mjs" in the artifact/],
  ] as const;
  const files = { 'run.mjs': '#!/usr/bin/env node\n' };
  for (const [at, [run, message]] of faults.entries()) {
    rig.desire(at + 1, [await rig.server('1', { run }, {}, files)]);
    const failed = await rig.until(at + 1, 'failed');
    expect(failed.reason?.message).toMatch(message);
  }
});

it('says where a module listens that does not use its port', async () => {
  rig.run();
  const own = await freePort();
  const script = `import { createServer } from 'node:http'; createServer().listen(${own}, '127.0.0.1');`;
  const health = { startTimeoutMs: 1000, intervalMs: 50 };
  rig.desire(1, [await rig.server('1.0.0', { health }, {}, { 'server.mjs': script })]);
  const failed = await rig.until(1, 'failed');
  expect(failed.reason?.code).toBe('never-healthy');
  expect(failed.reason?.message).toContain(
    `It listens on port ${own}: it has to listen on the one`,
  );
});

it('sends what has failed has printed, once and masked, and nothing while all is well', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1')]);
  await rig.until(1, 'healthy');
  const { length } = rig.plane.reports;
  await eventually('it has reported on', () => rig.plane.reports.length > length + 3);
  expect(rig.plane.failureLogs).toEqual([]);

  const script = `
    console.log('password is ' + process.env.DB_PASSWORD);
    console.log(require('node:fs').readFileSync(process.env.KEY, 'utf8'));
    console.log('\\u001b[31mred\\u001b[0m');
    process.exit(3);`;
  const run = { command: process.execPath, args: ['bad.cjs'] };
  const secrets = { DB_PASSWORD: 'hunter22', KEY: join(rig.directory, 'node.key') };
  rig.desire(2, [await rig.server('2', { run }, secrets, { 'bad.cjs': script })]);
  const failed = await rig.until(2, 'failed');
  await eventually('it has arrived', () => rig.plane.failureLogs.length === 1);
  const [log] = rig.plane.failureLogs;
  expect(log).toMatchObject({ generation: 2, code: 'exited', isCut: false });
  expect(log!.lines).toEqual(['password is [masked]', '[masked]', '', 'red']);
  const key = readFileSync(secrets.KEY, 'utf8').split('\n')[1]!;
  for (const text of [JSON.stringify(rig.plane.failureLogs), failed.reason!.message]) {
    expect(text).not.toContain('hunter22');
    expect(text).not.toContain(key);
  }

  const hook = { command: 'sh', args: ['-c', 'echo from the hook; exit 1'] };
  rig.desire(3, [await rig.server('3', { hooks: { start: hook } })]);
  await rig.until(3, 'failed');
  await eventually('that of the hook, too', () => rig.plane.failureLogs.length === 2);
  expect(rig.plane.failureLogs[1]).toMatchObject({
    generation: 3,
    source: 'hook-start',
    code: 'hook-failed',
    lines: ['from the hook'],
  });
  expect(await rig.get()).toBe('1');
});

it('sends what a crash has printed, and once more when it does not end', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  for (const crashes of [1, 2, 3]) {
    await rig.get('/crash').catch(() => undefined);
    if (crashes < 3) await eventually('it is back', () => rig.starts('1.0.0') === crashes + 1);
    if (crashes < 3) await rig.until(1, 'healthy');
  }
  await rig.until(1, 'failed');
  await eventually('both have come', () => rig.plane.failureLogs.at(-1)?.code === 'crash-loop');
  expect(rig.plane.failureLogs.map(({ code }) => code)).toContain('restarting');
  expect(rig.plane.failureLogs.at(-1)!.lines).toEqual(['hello from 1.0.0']);
});

it('replaces a worker by stopping the old one first, and goes back when the new one fails', async () => {
  rig.run();
  const health = { intervalMs: 200 };
  // Without traffic it is healthy as soon as it has run for two intervals, whatever it has come to.
  const noted = (...lines: string[]) =>
    eventually(lines.join(), () => rig.diary.join() === lines.join());
  rig.desire(1, [await rig.worker('1', { health })]);
  await rig.until(1, 'healthy');
  await noted('1 start');
  rig.desire(2, [await rig.worker('2', { health })]);
  await rig.until(2, 'healthy');
  await noted('1 start', '1 term', '2 start');
  rig.desire(3, [await rig.worker('3', { health: { intervalMs: 5_000 } }, 'process.exit(3)')]);
  const failed = await rig.until(3, 'failed');
  expect(failed.reason?.code).toBe('exited');
  await eventually('the old one is back', () => rig.diary.length === 5);
  expect(rig.diary.slice(3)).toEqual(['2 term', '2 start']);
});

it('tears everything down', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const { code } = await rig.once(['--teardown', '--dir', rig.directory]);
  expect(code).toBe(0);
  await expect(rig.get()).rejects.toThrow();
  expect(rig.diary.at(-1)).toMatch(/^1.0.0 term/);
  expect(existsSync(join(rig.directory, 'agent.lock'))).toBe(false);
  expect(readFileSync(join(rig.directory, 'journal'), 'utf8')).toContain('instance-gone');
});
