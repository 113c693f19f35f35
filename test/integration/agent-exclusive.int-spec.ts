import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
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
const isAlive = (pid) => { try { return process.kill(pid, 0); } catch { return false; } };
let other = 0;
try { other = Number(readFileSync(DIARY + '-pid', 'utf8')); } catch {}
if (other > 0 && isAlive(other)) note('beside');
writeFileSync(DIARY + '-pid', String(process.pid));
process.on('SIGTERM', () => { note('term'); if (process.argv[2] !== 'deaf') process.exit(0); });
note('start');
setInterval(() => {}, 1000);
`;
const run = (...args: string[]) => ({
  run: { command: process.execPath, args: ['worker.mjs', ...args] },
});
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
