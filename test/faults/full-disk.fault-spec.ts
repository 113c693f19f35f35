/** An agent whose disk takes no more: it refuses before it changes anything, and heals by itself. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(120_000);

const MORE_THAN_FITS = randomBytes(1024 ** 2).toString('base64');

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

it('keeps the old version serving while an artifact does not fit, and says why', async () => {
  rig.run([], { fileKiB: 512 });
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  rig.desire(2, [await rig.server('2.0.0', {}, {}, { ballast: MORE_THAN_FITS })]);
  // Not given up: somebody may free the disk, and the deadline of the wave is the server's.
  const stuck = await rig.plane.untilObserved(
    rig.moduleId,
    ({ generation, reason }) => generation === 2 && reason !== null,
  );
  expect(stuck).toMatchObject({ state: 'converging', reason: { code: 'download-failed' } });
  expect(stuck.reason?.message).toContain('EFBIG');
  expect(await rig.get()).toBe('1.0.0');
  expect(rig.starts('2.0.0')).toBe(0);

  rig.desire(3, [await rig.server('3.0.0')]);
  await rig.until(3, 'healthy');
  expect(await rig.get()).toBe('3.0.0');
});

it('starts nothing that its journal could not write down, and goes on when it can', async () => {
  rig.run();
  rig.desire(1, [await rig.server('1.0.0')]);
  await rig.until(1, 'healthy');
  await rig.end('SIGTERM');
  rig.log = '';
  rig.desire(2, [await rig.server('2.0.0')]);
  // Not one more line of the journal.
  rig.run([], { fileKiB: 0 });
  await eventually('it says what is wrong', () => /EFBIG|too large/i.test(rig.log));
  expect(rig.starts('2.0.0')).toBe(0);
  expect(await rig.get()).toBe('1.0.0');

  await rig.end('SIGKILL');
  rig.run();
  await rig.until(2, 'healthy');
  expect(rig.starts('2.0.0')).toBe(1);
  expect(await rig.get()).toBe('2.0.0');
});
