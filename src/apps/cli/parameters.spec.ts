import { requestOf, type DeployOptions } from './commands/deploy.command.js';
import { readParameters, readTexts } from './parameters.js';

const none: DeployOptions = { to: 'QA', set: [], gate: [], metadata: [] };
const what = { moduleName: 'payments', version: '2.1.0' };

describe('parameters', () => {
  it.each<[string, unknown]>([
    ['a=5', 5],
    ['a=-1.5', -1.5],
    ['a=true', true],
    ['a=text=more', 'text=more'],
    ['a=10,50,100', [10, 50, 100]],
    ['a=zone,', ['zone']],
    ['a=["zone"]', ['zone']],
    ['a="5"', '5'],
    ['a=', ''],
    ['a=1e9', '1e9'],
  ])('reads %s', (given, value) => {
    expect(readParameters([given], '--set')).toEqual({ a: value });
  });

  it.each(['a', '=5', ''])('refuses "%s"', (given) => {
    expect(() => readParameters([given], '--set')).toThrow('--set takes name=value');
  });

  it('refuses broken JSON instead of sending it as text', () => {
    expect(() => readParameters(['a=[1,'], '--gate')).toThrow('--gate a looks like JSON');
  });

  it('keeps metadata as text', () => {
    expect(readTexts(['build=007', 'a=true'], '--metadata')).toEqual({ build: '007', a: 'true' });
  });
});

describe('the request of a deployment', () => {
  it('says only what was said', () => {
    expect(requestOf(what, none)).toEqual({ ...what, targetEnvironment: 'QA' });
  });

  it('carries strategy, gate, cluster, approval and metadata', () => {
    const request = requestOf(what, {
      to: 'Production',
      cluster: 'eu-1',
      strategy: 'canary',
      requireApproval: true,
      set: ['wavesPercent=10,50,100'],
      gate: ['consecutiveStableChecks=5'],
      metadata: ['commit=4f2c1e9'],
    });
    expect(request).toEqual({
      ...what,
      targetEnvironment: 'Production',
      cluster: 'eu-1',
      requireApproval: true,
      strategy: { kind: 'canary', wavesPercent: [10, 50, 100] },
      gate: { consecutiveStableChecks: 5 },
      metadata: { commit: '4f2c1e9' },
    });
  });

  it('carries what was allowed, each by itself', () => {
    const request = { ...what, targetEnvironment: 'QA' };
    expect(requestOf(what, { ...none, allowRolledBack: true })).toEqual({
      ...request,
      allowRolledBack: true,
    });
    expect(requestOf(what, { ...none, allowNoRollback: true })).toEqual({
      ...request,
      allowNoRollback: true,
    });
  });

  it('has no parameters of an unnamed strategy, and no kind smuggled in by them', () => {
    expect(() => requestOf(what, { ...none, set: ['a=1'] })).toThrow('--set belongs to --strategy');
    const sneaky = { ...none, strategy: 'canary', set: ['kind=direct'] };
    expect(requestOf(what, sneaky).strategy).toEqual({ kind: 'canary' });
  });
});
