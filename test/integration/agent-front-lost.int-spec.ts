import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { AgentRig, eventually, Traffic } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

it.each([
  ['could not be told', 'agent.front:before'],
  ['was told, and whose answer was lost', 'agent.front:after'],
])('a front that %s about a switch costs no request of what serves', async (_how, failpoint) => {
  const armed = join(rig.home, 'failpoints');
  rig.run([], { failpoints: `@${armed}` });
  rig.desire(1, [await rig.server('1')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig);
  writeFileSync(armed, `${failpoint}=error`);
  rig.desire(2, [await rig.server('2')]);
  const { running } = await rig.until(2, 'failed');
  expect(running).toHaveLength(1);
  await eventually('the new one ends', () => rig.diary.some((line) => line.startsWith('2 term')));
  expect(await rig.get()).toBe('1');
  await traffic.end();
  expect(traffic.failures).toEqual([]);
  expect(rig.diary.some((line) => line.startsWith('1 term'))).toBe(false);
  rig.desire(3, [await rig.server('3')]);
  await rig.until(3, 'healthy');
  expect(await rig.get()).toBe('3');
});
