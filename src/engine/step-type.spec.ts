import { began, done, entriesOf, planned } from '../../test/support/decide-input.js';
import { foldJournal } from './journal.js';
import type { Plan } from './plan.js';
import { defineStep } from './step-type.js';

const fetch = defineStep<{ readonly from: string }, { readonly bytes: number }>({
  kind: 'fetch',
  title: 'Fetch it',
  effects: ['check'],
});
const put = defineStep({ kind: 'put', title: 'Put it there', effects: ['move'] });

const first = fetch.step({ id: 'w1.fetch', wave: 1, deadlineMs: 1, params: { from: 'here' } });
const second = fetch.step({ id: 'w2.fetch', wave: 2, deadlineMs: 1, params: { from: 'there' } });
const last = put.step({ id: 'w2.put', wave: 2, deadlineMs: 1, params: {}, title: 'Put two there' });
const plan: Plan = { role: 'forward', steps: [first, second, last] };

describe('a type of step', () => {
  it('makes plain JSON, with its own title and effects unless the step has others', () => {
    expect(JSON.parse(JSON.stringify(plan.steps))).toEqual(plan.steps);
    expect(first).toEqual({
      id: 'w1.fetch',
      kind: 'fetch',
      title: 'Fetch it',
      effects: ['check'],
      wave: 1,
      deadlineMs: 1,
      params: { from: 'here' },
    });
    expect(last).toMatchObject({ title: 'Put two there', effects: ['move'] });
  });

  it('finds its own in a plan, also in one that was stored', () => {
    const stored = JSON.parse(JSON.stringify(plan)) as Plan;
    expect(stored.steps.filter((step) => fetch.is(step)).map(({ params }) => params.from)).toEqual([
      'here',
      'there',
    ]);
    expect(fetch.inWave(stored, 2)?.params.from).toBe('there');
    expect(put.inWave(stored, 1)).toBeUndefined();
  });

  it('reads what a step has left, once it has succeeded and in its own plan', () => {
    const left = { ...done(first.id), data: { bytes: 7 } };
    const journal = foldJournal(entriesOf([planned, left, began(second.id)]));
    expect(fetch.outputOf({ journal, planNumber: 1 }, first)?.bytes).toBe(7);
    expect(fetch.outputOf({ journal, planNumber: 1 }, second)).toBeUndefined();
    expect(fetch.outputOf({ journal, planNumber: 2 }, first)).toBeUndefined();
  });
});
