import type { HotSetting } from '../../platform/settings/hot-setting.js';
import { gateBounds } from './gate-bounds.settings.js';
import { gates } from './gates.js';
import { tightened, withBounds } from './tighten-gate.js';

const stabilization = gates.get('stabilization');
const standard = stabilization.params.parse({});

/** What is set, by key. */
const reads = (set: Readonly<Record<string, string | number>>) => ({
  valueOf: <T>(setting: HotSetting<T>): T => (set[setting.key] ?? setting.default) as T,
});

const bounded = (set: Readonly<Record<string, string | number>>, params: object = {}) =>
  withBounds(stabilization, stabilization.params.parse(params), reads(set), {});

describe('the bounds of a gate', () => {
  it('are there for each parameter whose strict side is known, and for no other', () => {
    for (const { kind, stricter } of gates.all()) {
      const bound = gateBounds.filter((each) => each.kind === kind).map(({ param }) => param);
      const known = Object.keys(stricter).filter((name) => stricter[name] !== null);
      expect(bound).toEqual(known);
    }
    expect(gateBounds.map(({ setting }) => setting.key)).toContain(
      'gates.stabilization.floor-memory-mib',
    );
  });

  it('change nothing where nothing is set, or where it is stricter anyway', () => {
    expect(bounded({})).toEqual(standard);
    expect(bounded({ 'gates.stabilization.limit-cpu-percent': 50 })).toEqual(standard);
    expect(bounded({ 'gates.utilization.max-cpu-percent': 1 })).toEqual(standard);
  });

  it('tighten what is looser, each in its direction', () => {
    const set = {
      'gates.stabilization.limit-cpu-percent': 5,
      'gates.stabilization.min-wait-ms': 300_000,
      'gates.stabilization.on-no-data': 'fail',
    };
    const changes = { limitCpuPercent: 5, minWaitMs: 300_000, onNoData: 'fail' };
    expect(bounded(set)).toEqual({ ...standard, ...changes });
    const loose = { kind: 'stabilization', params: { ...standard, limitCpuPercent: 500 } };
    expect(tightened(reads(set), {}, loose)).toEqual(changes);
    expect(bounded(set, { limitCpuPercent: 3 })).toMatchObject({ limitCpuPercent: 3 });
  });

  it('are refused where they do not go together with the rest', () => {
    expect(() => bounded({ 'gates.stabilization.min-wait-ms': 3_600_000 })).toThrow(
      'minWaitMs: must not exceed maxWaitMs',
    );
  });

  it('may only be tightened at a nearer level', () => {
    const of = (param: string) =>
      gateBounds.find((each) => each.param === param)!.setting.tightens!;
    expect([of('limitCpuPercent')(4, 5), of('limitCpuPercent')(6, 5)]).toEqual([true, false]);
    expect([of('minWaitMs')(6, 5), of('minWaitMs')(4, 5)]).toEqual([true, false]);
    expect([of('onNoData')('fail', 'pause'), of('onNoData')('wait', 'pause')]).toEqual([
      true,
      false,
    ]);
    expect([of('minWaitMs')(4, null), of('minWaitMs')(null, 4)]).toEqual([true, false]);
  });
});
