import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { livingFronts } from '../../src/agent/front/front-identity.js';
import { Journal } from '../../src/agent/journal/journal.js';
import { AgentRig, eventually, Traffic } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

it('adopts what runs after kill -9, without a failed request or a second start', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig);
  const { length } = rig.plane.reports;
  await rig.end('SIGKILL');
  rig.run();
  await eventually('it reports again', () => rig.plane.reports.length > length);
  const observed = await rig.until(1, 'healthy');
  expect(observed.running).toHaveLength(1);
  await traffic.end();
  expect(traffic.failures).toEqual([]);
  expect(rig.starts('1.0.0')).toBe(1);
});

it('finishes a swap in which it was killed, at whatever moment, starting nothing twice', async () => {
  rig.run();
  rig.desire(1, [await rig.server('v0')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig, 2);
  // Moments: at once, while it downloads and starts, while it waits for health, around the switch.
  const moments = [
    () => true,
    (next: string) => rig.starts(next) === 1,
    (next: string) => traffic.versions.has(next),
  ];
  for (const [index, moment] of moments.entries()) {
    const generation = index + 2;
    const version = `v${generation}`;
    rig.desire(generation, [await rig.server(version, {}, { START_MS: '300' })]);
    await eventually(`the moment ${index}`, () => moment(version));
    await rig.end('SIGKILL');
    rig.run();
    await rig.until(generation, 'healthy');
    await eventually('it answers', () => traffic.versions.has(version));
    expect(rig.starts(version)).toBe(1);
  }
  await eventually(
    'the old ones end',
    () => rig.diary.filter((l) => / term /.test(l)).length === 3,
  );
  await eventually('the agent knows it', () => rig.instances() === 1);
  await traffic.end();
  expect(traffic.failures).toEqual([]);
  expect(await rig.get()).toBe('v4');
  await rig.end('SIGKILL');
  const journal = Journal.open(join(rig.directory, 'journal'));
  expect(journal.instances()).toHaveLength(1);
  expect(journal.module(rig.moduleId).outcome).toEqual({ generation: 4, state: 'healthy' });
});

it('does not repeat a generation that failed before it was killed', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const health = { startTimeoutMs: 5_000, intervalMs: 50 };
  rig.desire(2, [await rig.server('2.0.0', { health }, { HEALTH_STATUS: '500' })]);
  await rig.until(2, 'failed');
  await rig.end('SIGKILL');
  const { length } = rig.plane.reports;
  rig.run();
  await eventually('it reports again', () => rig.plane.reports.length > length + 2);
  expect(rig.plane.observed(rig.moduleId)).toMatchObject({ state: 'failed', generation: 2 });
  expect(rig.starts('2.0.0')).toBe(1);
  expect(await rig.get()).toBe('1.0.0');
});

const waiting = (diary: string, idempotent: boolean) => ({
  command: 'sh',
  args: ['-c', `echo "hook begin $$" >> ${diary}; sleep 2; echo "hook end $$" >> ${diary}`],
  idempotent,
});

it.each([
  [true, 'healthy'],
  [false, 'outcome-unknown'],
])('a hook that was cut by a crash, idempotent: %s, ends in %s', async (idempotent, state) => {
  rig.run();
  const hook = waiting(join(rig.home, 'diary'), idempotent);
  rig.desire(1, [await rig.server('1.0.0', { hooks: { afterInstall: hook } })]);
  await eventually('the hook runs', () => rig.diary.some((line) => line.startsWith('hook begin')));
  await rig.end('SIGKILL');
  rig.run();
  const observed = await rig.until(1, state);
  const begun = rig.diary.filter((line) => line.startsWith('hook begin'));
  expect(begun).toHaveLength(idempotent ? 2 : 1);
  expect(rig.starts('1.0.0')).toBe(idempotent ? 1 : 0);
  if (!idempotent) expect(observed.reason?.code).toBe('hook-outcome-unknown');
});

it('does not bring a worker back that it had stopped to make room, however it was killed', async () => {
  rig.run();
  rig.desire(1, [await rig.worker('1')]);
  await rig.until(1, 'healthy');
  await eventually('it runs', () => rig.diary.includes('1 start'));
  rig.desire(2, [
    await rig.worker('2', { hooks: { start: waiting(join(rig.home, 'diary'), true) } }),
  ]);
  await eventually('the hook runs', () => rig.diary.some((line) => line.startsWith('hook begin')));
  expect(rig.diary).toContain('1 term');
  await rig.end('SIGKILL');
  rig.run();
  await rig.until(2, 'healthy');
  await eventually('the new one runs', () => rig.diary.includes('2 start'));
  expect([rig.starts('1'), rig.starts('2')]).toEqual([1, 1]);
});

it.each([
  ['done', 1],
  ['retry', 2],
] as const)('goes on when a person answers %s for a hook that was cut', async (outcome, times) => {
  rig.run();
  const diary = join(rig.home, 'diary');
  const once = { command: 'sh', args: ['-c', `echo first >> ${diary}`], idempotent: false };
  const hooks = { beforeInstall: once, afterInstall: waiting(diary, false) };
  const release = await rig.server('1.0.0', { hooks });
  rig.desire(1, [release]);
  await eventually('the hook runs', () => rig.diary.some((line) => line.startsWith('hook begin')));
  await rig.end('SIGKILL');
  rig.run();
  await rig.until(1, 'outcome-unknown');
  rig.desire(2, [{ ...release, hookAnswer: { generation: 1, outcome } }]);
  await rig.until(2, 'healthy');
  expect(rig.diary.filter((line) => line.startsWith('hook begin'))).toHaveLength(times);
  expect(rig.diary.filter((line) => line === 'first')).toHaveLength(1);
  expect(rig.starts('1.0.0')).toBe(1);
});

it('runs each hook once and in order, around the processes', async () => {
  rig.run();
  const diary = join(rig.home, 'diary');
  const note = (name: string) => ({ command: 'sh', args: ['-c', `echo ${name} >> ${diary}`] });
  const names = ['beforeInstall', 'afterInstall', 'start', 'validate', 'stop'];
  const hooks = Object.fromEntries(names.map((name) => [name, note(name)]));
  rig.desire(1, [await rig.server('1.0.0', { hooks })]);
  await rig.until(1, 'healthy');
  rig.desire(2, [await rig.server('2.0.0')]);
  await rig.until(2, 'healthy');
  await eventually('the old one ends', () => rig.diary.some((line) => /^1.0.0 term/.test(line)));
  const said = rig.diary.map((line) => line.split(' ').slice(0, 2).join(' '));
  expect(said).toEqual([
    'beforeInstall',
    'afterInstall',
    'start',
    '1.0.0 start',
    'validate',
    '2.0.0 start',
    'stop',
    '1.0.0 term',
  ]);
});

it('fails a generation whose hook fails, with what the hook said', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const validate = { command: 'sh', args: ['-c', 'echo the disk is full; exit 4'] };
  rig.desire(2, [await rig.server('2.0.0', { hooks: { validate } })]);
  const failed = await rig.until(2, 'failed');
  expect(failed.reason).toMatchObject({ code: 'hook-failed' });
  expect(failed.reason?.message).toContain('the disk is full');
  expect(failed.reason?.message).toContain('code 4');
  expect(await rig.get()).toBe('1.0.0');
});

it('goes on after a torn journal line, and refuses a damaged journal', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  await rig.end('SIGKILL');
  const path = join(rig.directory, 'journal');
  const whole = readFileSync(path);
  appendFileSync(path, '0123456789abcdef {"type":"outco');
  const { length } = rig.plane.reports;
  rig.run();
  await eventually('it reports again', () => rig.plane.reports.length > length);
  await rig.until(1, 'healthy');
  expect(rig.starts('1.0.0')).toBe(1);
  await rig.end('SIGKILL');
  writeFileSync(path, whole.toString().replace('"generation":1', '"generation":7'));
  const { url } = rig.plane;
  const args = ['--server', url, '--dir', rig.directory, '--name', 'node-1'];
  const refused = await rig.once(args);
  expect(refused.code).toBe(5);
  expect(refused.stderr).toContain('is damaged');
  writeFileSync(path, whole);
});

it('lets one agent only onto a folder, and says who is there', async () => {
  const { pid } = rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const { url } = rig.plane;
  const second = ['--server', url, '--dir', rig.directory, '--name', 'node-1'];
  const refused = await rig.once(second);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain(`pid ${pid}`);
  expect(await rig.get()).toBe('1.0.0');
});

it('starts a front that was killed again, and traffic goes on', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const [front] = await livingFronts(join(rig.directory, 'front'));
  process.kill(front!.pid, 'SIGKILL');
  let answer = '';
  const ask = () =>
    void rig.get().then(
      (text) => (answer = text),
      () => undefined,
    );
  await eventually('it answers again', () => (ask(), answer === '1.0.0'));
  rig.desire(2, [await rig.server('2.0.0')]);
  await rig.until(2, 'healthy');
  expect(await rig.get()).toBe('2.0.0');
  expect(rig.starts('1.0.0')).toBe(1);
});

it('takes the newest of several generations that come while one is starting', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  const slow = await rig.server('2.0.0', {}, { START_MS: '10000' });
  rig.desire(2, [slow]);
  await eventually('it starts', () => rig.starts('2.0.0') === 1);
  rig.desire(3, [await rig.server('3.0.0')]);
  await rig.until(3, 'healthy');
  expect(await rig.get()).toBe('3.0.0');
  const ended = () => rig.diary.filter((line) => line.includes(' term ')).length === 2;
  await eventually('both others end', ended);
});
