import { GroupUsageReader } from './group-usage.js';
import type { ProcessStat } from './proc.js';

function stat(pid: number, ownCpuMs: number, reapedCpuMs = 0, group = 10): ProcessStat {
  return { pid, state: 'S', group, startTime: '1', ownCpuMs, reapedCpuMs, memoryBytes: 100 };
}

function readings(passes: ProcessStat[][]): number[] {
  let pass = 0;
  const reader = new GroupUsageReader(() => passes[pass]!);
  return passes.map((_, index) => {
    pass = index;
    return reader.read([10]).get(10)!.cpuMs;
  });
}

it('counts a child once when its parent waits for it', () => {
  expect(readings([[stat(10, 100), stat(11, 50)], [stat(10, 110, 70)]])).toEqual([150, 180]);
});

it('keeps the time of a child that nobody waits for', () => {
  expect(readings([[stat(10, 100), stat(11, 50)], [stat(10, 110)], []])).toEqual([150, 160, 160]);
});

it('counts only the asked group and sums its memory', () => {
  const reader = new GroupUsageReader(() => [stat(10, 5), stat(11, 5), stat(99, 1000, 0, 99)]);
  expect(reader.read([10]).get(10)).toEqual({ cpuMs: 10, memoryBytes: 200 });
});
