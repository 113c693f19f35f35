import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

/** Told to end it takes its time, as one does that has work to finish. */
const SLOW = `
import { appendFileSync } from 'node:fs';
const { VERSION, DIARY } = process.env;
const note = (what) => appendFileSync(DIARY, VERSION + ' ' + what + ' ' + process.pid + '\\n');
process.on('SIGTERM', () => note('term'));
note('start');
setInterval(() => {}, 1000);
`;
const slow = (version: string, more: Record<string, unknown> = {}) =>
  rig.worker(version, { overlap: true, stopGraceMs: 6000, ...more }, SLOW);

it('does not take an instance back that it had told to end, however it was killed', async () => {
  rig.run();
  const go = join(rig.home, 'go');
  const diary = join(rig.home, 'diary');
  const start = {
    command: 'sh',
    args: [
      '-c',
      `[ -e ${diary} ] && echo hook >> ${diary} && until [ -e ${go} ]; do sleep 0.05; done; true`,
    ],
    idempotent: true,
  };
  const first = await slow('1', { hooks: { start } });
  rig.desire(1, [first]);
  await rig.until(1, 'healthy');
  await eventually('it runs', () => rig.starts('1') === 1);
  rig.desire(2, [await slow('2')]);
  await eventually('it is told to end', () => rig.diary.some((one) => one.startsWith('1 term')));
  rig.desire(3, [first]);
  await eventually('it is wanted again', () => rig.diary.includes('hook'));
  await rig.end('SIGKILL');
  writeFileSync(go, '');
  rig.run();
  await rig.until(3, 'healthy');
  await eventually('another one runs', () => rig.starts('1') === 2);
  await eventually('the old ones end', () => rig.instances() === 1, 30_000);
});
