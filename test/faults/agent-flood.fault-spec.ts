import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(120_000);

const FLOOD_BYTES = 1_000_000_000;
/** A file and five older ones, each of twice the length at which it is rotated. */
const MOST_BYTES = 6 * 2 * 10 * 1024 * 1024 + 1024;

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

const flood = (then: string) => ({
  command: 'sh',
  args: ['-c', `yes "a line that nobody reads" | head -c ${FLOOD_BYTES}; echo over >&2; ${then}`],
});
const logs = () => join(rig.directory, 'modules', rig.moduleId, 'logs');
const names = () => readdirSync(logs());
const bytes = () =>
  names().reduce(
    (sum, name) => sum + (statSync(join(logs(), name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
it('a module that floods its output fills no disk, and hinders neither its agent nor its health', async () => {
  rig.run();
  const command = `exec ${process.execPath} server.mjs`;
  rig.desire(1, [
    await rig.server('1', { run: flood(command), health: { startTimeoutMs: 60_000 } }),
  ]);
  await rig.until(1, 'healthy');
  await eventually('what was too much is gone', () => bytes() <= MOST_BYTES);
  expect(await rig.get()).toBe('1');
  rig.desire(2, [await rig.server('2')]);
  await rig.until(2, 'healthy');
});

it('so does a hook', async () => {
  rig.run();
  const hooks = { afterInstall: { ...flood('true'), timeoutMs: 60_000 } };
  rig.desire(1, [await rig.server('1', { hooks })]);
  await rig.until(1, 'healthy');
  expect(bytes()).toBeLessThanOrEqual(MOST_BYTES);
});
