import { FamilyUsageReader } from './family-usage.js';
import type { ProcessStat } from './proc.js';

function stat(pid: number, ownCpuMs: number, reapedCpuMs = 0): ProcessStat {
  const fixed = { state: 'S', parent: 1, group: 10, session: 10, startTime: '1', memoryBytes: 100 };
  return { pid, ownCpuMs, reapedCpuMs, ...fixed };
}

function readings(passes: ProcessStat[][]): number[] {
  const reader = new FamilyUsageReader();
  return passes.map((pass) => reader.read(new Map([['one', pass]])).get('one')!.cpuMs);
}

it('counts a child once when its parent waits for it', () => {
  expect(readings([[stat(10, 100), stat(11, 50)], [stat(10, 110, 70)]])).toEqual([150, 180]);
});

it('keeps the time of a child that nobody waits for', () => {
  expect(readings([[stat(10, 100), stat(11, 50)], [stat(10, 110)], []])).toEqual([150, 160, 160]);
});

it('counts each family by itself and sums its memory', () => {
  const living = new Map([
    ['one', [stat(10, 5), stat(11, 5)]],
    ['other', [stat(99, 1000)]],
  ]);
  const usage = new FamilyUsageReader().read(living);
  expect(usage.get('one')).toEqual({ cpuMs: 10, memoryBytes: 200 });
  expect(usage.get('other')).toEqual({ cpuMs: 1000, memoryBytes: 100 });
});
