import { canonicalJson } from '../../kernel/canonical-json.js';
import { DomainError } from '../../kernel/errors.js';
import { loosened, resolve } from './gate-params.js';
import { gates } from './gates.js';
import { stabilization } from './stabilization/stabilization.gate.js';
import { defaultGateParams, demoGateParams } from './stabilization/stabilization-params.js';

function refusal(environment: unknown, request?: unknown): DomainError {
  try {
    resolve(stabilization, environment, request);
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('expected a refusal');
}

describe('gate parameters', () => {
  it('are the defaults where neither the environment nor the request says anything', () => {
    expect(resolve(stabilization, {})).toEqual({
      base: defaultGateParams,
      params: defaultGateParams,
      loosened: [],
    });
  });

  it('merge field by field; an undefined field hides nothing', () => {
    const { base, params } = resolve(
      stabilization,
      { minWaitMs: 300_000, limitCpuPercent: 20 },
      { limitCpuPercent: 15, minWaitMs: undefined },
    );
    expect(base.limitCpuPercent).toBe(20);
    expect([params.limitCpuPercent, params.minWaitMs]).toEqual([15, 300_000]);
  });

  it('name every field that the request loosens, and none that it tightens', () => {
    const tighter = { limitErrorBasisPoints: 50, minWaitMs: 240_000, onNoData: 'fail', score: 5 };
    expect(resolve(stabilization, {}, tighter).loosened).toEqual([]);
    const looser = { limitErrorBasisPoints: 200, minWaitMs: 0, onNoData: 'wait', minRequests: 100 };
    expect(resolve(stabilization, {}, looser).loosened).toEqual([
      'limitErrorBasisPoints',
      'minWaitMs',
      'minRequests',
      'onNoData',
    ]);
  });

  it('count a change without a provable direction as loosening', () => {
    expect(loosened(stabilization, { ...defaultGateParams, cap: 2 }, defaultGateParams)).toEqual([
      'cap',
    ]);
  });

  it.each([
    ['an unknown field', { limitCpu: 10 }, /limitCpu/],
    ['a fraction', { limitCpuPercent: 10.5 }, /limitCpuPercent/],
    ['a string', { minWaitMs: '120' }, /minWaitMs/],
    ['null', { minWaitMs: null }, /minWaitMs/],
    ['too much', { limitErrorBasisPoints: 1e9 }, /limitErrorBasisPoints/],
    ['a wait that never ends', { minWaitMs: 7_200_000 }, /minWaitMs: must not exceed maxWaitMs/],
    [
      'a prototype key',
      JSON.parse('{"__proto__": {"score": 100}}') as unknown,
      /__proto__|nrecogni/,
    ],
    ['a list', [1, 2], /must be an object/],
    ['a word', 'strict', /must be an object/],
  ])('refuse %s and name it', (_, request, message) => {
    const error = refusal({}, request);
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid-gate-params' });
    expect(error.message).toMatch(message);
  });

  it('blame the environment for its own mistakes', () => {
    expect(refusal({ score: 0 }).message).toContain("The environment's parameters");
  });
});

describe('the list of gates', () => {
  it('knows its kinds and refuses what it does not know', () => {
    expect(gates.get('stabilization').version).toBe(2);
    expect(() => gates.get('hope')).toThrow(
      `Unknown gate "hope". Known: ${gates.kinds.join(', ')}.`,
    );
  });

  it.each(gates.all().map((gate) => [gate.kind, gate] as const))(
    '%s has parameters that can be signed, each with a declared direction',
    (_, gate) => {
      const params = gate.params.parse({});
      expect(canonicalJson(params)).toContain('{');
      expect(Object.keys(gate.stricter).sort()).toEqual(Object.keys(params).sort());
    },
  );

  it('runs the demo with parameters that are valid and signable too', () => {
    expect(stabilization.params.parse(demoGateParams)).toEqual(demoGateParams);
    expect(canonicalJson(demoGateParams)).toContain('"pollIntervalMs":1000');
  });
});
