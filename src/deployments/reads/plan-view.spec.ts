import { began, done, entriesOf, failed, planned } from '../../../test/support/decide-input.js';
import { planOf } from '../../../test/support/engine-rig.js';
import { foldJournal } from '../../engine/journal.js';
import type { RunStatus } from '../../engine/run.js';
import { progressOf, stepView } from './plan-view.js';

const opening = [planned, done('preflight'), done('slot')];

function progress(lines: Parameters<typeof entriesOf>[0], status: RunStatus = 'Running') {
  return progressOf(planOf(2), foldJournal(entriesOf(lines)), status);
}
const waves = (lines: Parameters<typeof entriesOf>[0]) =>
  progress(lines).waves.map(({ state }) => state);

describe('progress', () => {
  it('begins with nothing and ends with everything', () => {
    expect(progress([planned])).toMatchObject({ percent: 0, wave: 0, step: 'preflight' });
    const all = planOf(2).steps.map(({ id }) => done(id));
    expect(progress([planned, ...all], 'Succeeded')).toMatchObject({
      percent: 100,
      wave: 2,
      step: null,
      title: null,
    });
  });

  it('counts steps that are done and names the one that is open', () => {
    expect(progress([...opening, began('w1.move')])).toMatchObject({
      percent: 25,
      wave: 1,
      step: 'w1.move',
      title: 'Step w1.move',
    });
  });

  it('shows each wave as what happens to it', () => {
    const first = [done('w1.move'), done('w1.converge')];
    expect(waves(opening)).toEqual(['waiting', 'waiting']);
    expect(waves([...opening, began('w1.move')])).toEqual(['moving', 'waiting']);
    expect(waves([...opening, ...first, began('w1.gate')])).toEqual(['watching', 'waiting']);
    expect(waves([...opening, ...first, done('w1.gate')])).toEqual(['settled', 'waiting']);
    expect(waves([...opening, ...first, failed('w1.gate', 0, 1)])).toEqual(['unstable', 'waiting']);
  });

  it('shows nodes by name', () => {
    expect(progress(opening).waves.map(({ nodes }) => nodes)).toEqual([['n1'], ['n2']]);
  });
});

it('a step is shown without ids of releases', () => {
  const move = planOf(1).steps.find(({ id }) => id === 'w1.move')!;
  expect(JSON.stringify(stepView(move))).not.toContain('sha256');
  expect(stepView(move)).toMatchObject({ id: 'w1.move', wave: 1, nodes: ['n1'] });
});
