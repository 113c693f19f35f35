import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { type InstanceRecord, Journal } from '../journal/journal.js';
import { endFamily } from './end-family.js';
import { Families, INSTANCE_VARIABLE } from './families.js';
import { FamilyUsageReader } from './family-usage.js';
import { Instances } from './instances.js';
import {
  allProcesses,
  bootId,
  isAlive,
  type ProcessIdentity,
  readProcess,
  startTimeOf,
} from './proc.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-processes-'));
const started: number[] = [];
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
  for (const pid of started) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Ended by its test, as it should.
    }
  }
});

const families = new Families();
const familyOf = (identity: ProcessIdentity) => ({ id: `of-${identity.pid}`, identity });
const end = (identity: ProcessIdentity, graceMs: number) =>
  endFamily(families, familyOf(identity), graceMs);

/** A process group of its own that says when it is ready. */
async function group(script: string, env: Record<string, string> = {}): Promise<ProcessIdentity> {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  await once(child.stdout, 'data');
  const pid = child.pid!;
  started.push(pid);
  return { pid, startTime: startTimeOf(pid), bootId };
}

it('knows a process by more than its pid', async () => {
  const identity = await group('echo ready; sleep 60');
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, startTime: '1' })).toBe(false);
  expect(isAlive({ ...identity, bootId: 'before the reboot' })).toBe(false);
  await end(identity, 5000);
  expect(isAlive(identity)).toBe(false);
});

it('never signals a process that came to own the pid', async () => {
  const identity = await group('echo ready; sleep 60');
  await end({ ...identity, startTime: '1' }, 100);
  await end({ ...identity, bootId: 'before the reboot' }, 100);
  expect(isAlive(identity)).toBe(true);
  await end(identity, 5000);
});

it('ends the whole group, with SIGKILL when it does not listen', async () => {
  const script = 'trap "" TERM; (trap "" TERM; sleep 60) & echo ready; sleep 60; sleep 60';
  const identity = await group(script);
  await end(identity, 200);
  expect(isAlive(identity)).toBe(false);
  expect(allProcesses().filter((stat) => stat.group === identity.pid)).toEqual([]);
});

it('says so when a group outlives even SIGKILL', async () => {
  const identity = await group('trap "" TERM; echo ready; sleep 60; sleep 60');
  // As for a process that the kernel holds: the signal is taken, and nothing happens.
  const kill = process.kill.bind(process);
  jest
    .spyOn(process, 'kill')
    .mockImplementation((pid, signal) => (signal === 'SIGKILL' ? true : kill(pid, signal)));
  let seconds = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => (seconds += 1) * 1000);
  try {
    await expect(end(identity, 100)).rejects.toMatchObject({ code: 'does-not-stop' });
    expect(seconds).toBeGreaterThan(5);
  } finally {
    jest.restoreAllMocks();
  }
  await end(identity, 0);
});

it('measures a group and its memory', async () => {
  const script = 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; echo ready; sleep 60';
  const identity = await group(script);
  const living = families.find([familyOf(identity)]);
  const usage = new FamilyUsageReader().read(living).get(`of-${identity.pid}`)!;
  expect(usage.cpuMs).toBeGreaterThan(0);
  expect(usage.memoryBytes).toBeGreaterThan(100_000);
  await end(identity, 1000);
});

it('reads its own memory as Node does', () => {
  const own = readProcess(process.pid)!.memoryBytes;
  expect(own / process.memoryUsage.rss()).toBeGreaterThan(0.8);
  expect(own / process.memoryUsage.rss()).toBeLessThan(1.2);
});

it('finds an instance again whose pid was never written down, and drops one that never began', async () => {
  const identity = await group('echo ready; sleep 60', { [INSTANCE_VARIABLE]: 'found-me' });
  const journal = Journal.open(join(home, 'journal'));
  const record = { moduleId: 'm', slot: 's', identity: null } as unknown as InstanceRecord;
  journal.instanceStarting({ ...record, instance: 'found-me' });
  journal.instanceStarting({ ...record, instance: 'never-began' });
  const adopted = new Instances(journal, families).adopt();
  expect(adopted.map((one) => [one.instance, one.identity])).toEqual([['found-me', identity]]);
  expect(journal.instances()).toHaveLength(1);
  await end(identity, 1000);
  journal.close();
});
