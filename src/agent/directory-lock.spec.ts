import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory, lockHolder } from './directory-lock.js';
import { bootId, startTimeOf } from './supervisor/proc.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-lock-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const mine = { pid: process.pid, startTime: startTimeOf(process.pid), bootId };

it('is held once, and free again after its release', async () => {
  const lock = await lockDirectory(home);
  expect(await lockHolder(home)).toEqual(mine);
  await expect(lockDirectory(home)).rejects.toMatchObject({ code: 'agent-already-running' });
  await lock.release();
  expect(await lockHolder(home)).toBeNull();
  await (await lockDirectory(home)).release();
});

it.each([
  ['a process that is gone', JSON.stringify({ ...mine, pid: 4_194_300 })],
  ['a pid that came round again', JSON.stringify({ ...mine, startTime: '1' })],
  ['the time before a reboot', JSON.stringify({ ...mine, bootId: 'other' })],
  ['nobody at all', 'torn {'],
])('takes over the lock of %s', async (_who, text) => {
  await writeFile(join(home, 'agent.lock'), text);
  const lock = await lockDirectory(home);
  expect(await lockHolder(home)).toEqual(mine);
  await lock.release();
});
