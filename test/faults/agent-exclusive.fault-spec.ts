import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { readProcess } from '../../src/agent/supervisor/proc.js';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(async () => {
  rmSync(join(rig.home, 'deaf'), { force: true });
  await rig.dispose();
});

/** Says when it was started beside another one. With `DEAF` it does not end by itself. */
const LONELY = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const { VERSION, DIARY } = process.env;
const note = (what) => appendFileSync(DIARY, VERSION + ' ' + what + '\\n');
const text = (path) => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };
const other = text('/proc/' + (text(DIARY + '-pid') || 'none') + '/stat');
// A zombie that nobody fetches runs no more.
if (other !== '' && !other.includes(') Z ')) note('beside');
writeFileSync(DIARY + '-pid', String(process.pid));
process.on('SIGTERM', () => { note('term'); if (process.argv[2] !== 'deaf') process.exit(0); });
note('start');
setInterval(() => {}, 1000);
`;
const run = (...args: string[]) => ({
  run: { command: process.execPath, args: ['worker.mjs', ...args] },
});
const isGone = (pid: number) => ['Z', undefined].includes(readProcess(pid)?.state);
const lonely = (version: string, manifest: Record<string, unknown> = {}) =>
  rig.worker(version, { ...run(), ...manifest }, LONELY);

it('does not start a worker beside one that cannot be stopped, and does when it could be', async () => {
  rig.run([], { preload: 'deaf-kernel.mjs' });
  rig.desire(1, [await lonely('1', { ...run('deaf'), stopGraceMs: 100 })]);
  await rig.until(1, 'healthy');
  await eventually('it runs', () => rig.starts('1') === 1);
  writeFileSync(join(rig.home, 'deaf'), '');
  rig.desire(2, [await lonely('2')]);
  const { reason } = await rig.until(2, 'failed');
  expect(reason?.code).toBe('does-not-stop');
  rmSync(join(rig.home, 'deaf'));
  // What serves comes back when the old process has ended at last.
  await eventually('it is started again', () => rig.starts('1') === 2, 30_000);
  rig.desire(3, [await lonely('3')]);
  await rig.until(3, 'healthy');
  await eventually('the new one runs', () => rig.starts('3') === 1);
  expect(rig.starts('2')).toBe(0);
  expect(rig.diary.filter((line) => line.endsWith('beside'))).toEqual([]);
});

it('is not removed as long as it cannot be stopped', async () => {
  rig.run([], { preload: 'deaf-kernel.mjs' });
  rig.desire(1, [await lonely('1', { ...run('deaf'), stopGraceMs: 100 })]);
  await rig.until(1, 'healthy');
  await eventually('it runs', () => rig.starts('1') === 1);
  writeFileSync(join(rig.home, 'deaf'), '');
  rig.desire(2, []);
  const { reason } = await rig.until(2, 'failed');
  expect(reason?.code).toBe('does-not-stop');
  rmSync(join(rig.home, 'deaf'));
  await eventually('it ends', () => rig.instances() === 0, 30_000);
});

it.each([
  ['says that it may overlap', { overlap: true }],
  ['gets traffic', {}],
])('stops a worker that must be alone before one that %s', async (_what, manifest) => {
  rig.run();
  rig.desire(1, [await lonely('1')]);
  await rig.until(1, 'healthy');
  await eventually('it runs', () => rig.starts('1') === 1);
  const hasTraffic = !('overlap' in manifest);
  rig.desire(2, [hasTraffic ? await rig.server('2') : await lonely('2', manifest)]);
  await rig.until(2, 'healthy');
  await eventually('the new one runs', () => rig.starts('2') === 1);
  const said = rig.diary.map((line) => line.split(' ').slice(0, 2).join(' '));
  expect(said).toEqual(['1 start', '1 term', '2 start']);
});

it('stops what a dead leader has left of a worker before the next one starts', async () => {
  rig.run();
  const shell = { run: { command: 'sh', args: ['-c', `${process.execPath} worker.mjs & wait`] } };
  rig.desire(1, [await lonely('1', shell)]);
  await rig.until(1, 'healthy');
  await eventually('it runs', () => rig.starts('1') === 1);
  await rig.end('SIGKILL');
  const left = Number(readFileSync(join(rig.home, 'diary-pid'), 'utf8'));
  process.kill(readProcess(left)!.group, 'SIGKILL');
  rig.desire(2, [await lonely('2')]);
  rig.run();
  await rig.until(2, 'healthy');
  await eventually('the new one runs', () => rig.starts('2') === 1);
  expect(isGone(left)).toBe(true);
  expect(rig.diary.filter((line) => line.endsWith('beside'))).toEqual([]);
});

it('starts the same release anew only when its old process, on its way out, has ended', async () => {
  rig.run();
  const validate = { command: 'test', args: ['-e', join(rig.home, 'go')] };
  const release = await lonely('1', { ...run('deaf'), stopGraceMs: 3000, hooks: { validate } });
  rig.desire(1, [release]);
  await rig.until(1, 'failed');
  await eventually('it is told to end', () => rig.diary.includes('1 term'));
  writeFileSync(join(rig.home, 'go'), '');
  rig.desire(2, [release]);
  await rig.until(2, 'healthy');
  await eventually('it runs again', () => rig.starts('1') === 2);
  expect(rig.diary).toEqual(['1 start', '1 term', '1 start']);
});
