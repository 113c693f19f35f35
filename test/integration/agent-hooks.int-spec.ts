import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { allProcesses } from '../../src/agent/supervisor/proc.js';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(60_000);

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(async () => {
  letGo();
  await rig.dispose();
});

/** Runs until it is let go, and never twice. */
const held = (timeoutMs = 30_000, home = rig.home) => ({
  command: 'sh',
  args: [
    '-c',
    `echo "begin $$" >> ${home}/diary; until [ -e ${home}/go ]; do sleep 0.05; done; echo end >> ${home}/diary`,
  ],
  idempotent: false,
  timeoutMs,
});
const letGo = () => writeFileSync(join(rig.home, 'go'), '');
const note = (what: string) => ({
  command: 'sh',
  args: ['-c', `echo ${what} >> ${join(rig.home, 'diary')}`],
});
const begun = () => rig.diary.filter((line) => line.startsWith('begin'));

const pidOf = (line = '') => Number(line.split(' ')[1]);

const processOf = (line?: string) => allProcesses().filter(({ pid }) => pid === pidOf(line));

/** The hook of generation 1 runs, and the agent is dead. */
async function cutOff(hook = held()) {
  rig.run();
  const release = await rig.server('1', { hooks: { afterInstall: hook } });
  rig.desire(1, [release]);
  await eventually('the hook runs', () => begun().length === 1);
  return release;
}

it.each(['while the agent was away', 'before it died'])(
  'waits for a hook that outlived the agent before it begins with what it was told %s',
  async (when) => {
    await cutOff();
    const next = await rig.server('2', { hooks: { beforeInstall: note('next') } });
    if (when === 'before it died') {
      rig.desire(2, [next]);
      await rig.until(2, 'converging');
      await rig.end('SIGKILL');
    } else {
      await rig.end('SIGKILL');
      rig.desire(2, [next]);
    }
    rig.run();
    await rig.plane.untilObserved(
      rig.moduleId,
      ({ generation, reason }) => generation === 2 && reason?.code === 'hook-still-running',
    );
    letGo();
    await rig.until(2, 'healthy');
    const said = rig.diary.map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(said.slice(1)).toEqual(['end', 'next', '2 start']);
  },
);

it('stops a hook that outlived the agent when its time is over', async () => {
  await cutOff(held(3_000));
  await rig.end('SIGKILL');
  rig.desire(2, [await rig.server('2')]);
  rig.run();
  await rig.until(2, 'healthy');
  expect(processOf(begun()[0])).toEqual([]);
  expect(rig.diary).not.toContain('end');
});

it('stops a hook that outlived the agent at the teardown', async () => {
  await cutOff();
  await rig.end('SIGKILL');
  await rig.once(['--teardown', '--dir', rig.directory]);
  expect(processOf(begun()[0])).toEqual([]);
});

it('asks again what became of a hook when the next generation wants the same release', async () => {
  const release = await cutOff();
  await rig.end('SIGKILL');
  letGo();
  rig.desire(2, [release]);
  rig.run();
  const { reason } = await rig.until(2, 'outcome-unknown');
  expect(reason?.code).toBe('hook-outcome-unknown');
  rig.desire(3, [{ ...release, hookAnswer: { generation: 2, outcome: 'done' } }]);
  await rig.until(3, 'healthy');
  expect(begun()).toHaveLength(1);
  expect(rig.starts('1')).toBe(1);
});

it('takes no hook of another agent on this machine for its own', async () => {
  const other = await AgentRig.create();
  try {
    // Both are told the same, as the nodes of one cluster are.
    const hook = { ...held(), idempotent: true };
    const release = await rig.server('1', { hooks: { beforeInstall: hook } });
    for (const [index, one] of [other, rig].entries()) {
      for (const [digest, bytes] of rig.plane.artifacts) one.plane.artifacts.set(digest, bytes);
      one.run(['--port-offset', String(index)]);
      one.desire(1, [release]);
      await eventually('its hook runs', () => begun().length === index + 1);
    }
    // Both end, so that the only hook to be found is the other one's.
    await rig.end('SIGKILL');
    process.kill(-pidOf(begun()[1]), 'SIGKILL');
    rig.run(['--port-offset', '1']);
    await eventually('its own hook runs again', () => begun().length === 3);
    letGo();
    await Promise.all([other.until(1, 'healthy'), rig.until(1, 'healthy')]);
    expect(begun()).toHaveLength(3);
  } finally {
    letGo();
    await other.dispose();
  }
});
