import { began, done, inputOf } from '../../test/support/decide-input.js';
import type { LoadedRun, AskedVerb, RunStatus } from './run.js';
import { appliedEntry, effectOf } from './verb-effect.js';

const statuses: RunStatus[] = [
  ...(['Pending', 'PendingApproval', 'Running', 'Paused', 'RollingBack', 'Succeeded'] as const),
  ...(['Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'] as const),
];
const open: RunStatus[] = ['Pending', 'PendingApproval', 'Running', 'Paused'];

function runOf(status: RunStatus, hasMoved = false): LoadedRun {
  const lines = [done('preflight'), done('slot'), ...(hasMoved ? [began('w1.move')] : [])];
  return { ...inputOf(lines, { status }), gate: null, pokes: 0 };
}

function signalOf(verb: AskedVerb['verb'], change: Partial<AskedVerb> = {}): AskedVerb {
  return { number: 7, verb, params: {}, actor: 'olga', reason: null, ...change };
}

describe('what a verb means', () => {
  it.each(statuses)('pause while %s', (status) => {
    expect(effectOf(signalOf('pause'), runOf(status))).toEqual(
      status === 'Running'
        ? { do: 'change', change: { status: 'Paused', reason: null } }
        : { do: 'ignore' },
    );
  });

  it.each(statuses)('resume while %s', (status) => {
    expect(effectOf(signalOf('resume'), runOf(status))).toEqual(
      status === 'Paused'
        ? { do: 'change', change: { status: 'Running', reason: null } }
        : { do: 'ignore' },
    );
  });

  it.each(statuses)('cancel while %s, before anything moved', (status) => {
    expect(effectOf(signalOf('cancel', { reason: 'wrong one' }), runOf(status))).toEqual(
      open.includes(status)
        ? { do: 'finish', status: 'Cancelled', reason: 'wrong one' }
        : { do: 'ignore' },
    );
  });

  it.each(statuses)('cancel while %s, after something moved', (status) => {
    expect(effectOf(signalOf('cancel'), runOf(status, true))).toEqual(
      open.includes(status)
        ? { do: 'undo', ending: 'Cancelled', reason: 'cancelled by olga' }
        : { do: 'ignore' },
    );
  });

  it.each(statuses)('cancel while %s, leaving the nodes as they are', (status) => {
    const signal = signalOf('cancel', { params: { leave: true } });
    expect(effectOf(signal, runOf(status, true))).toEqual(
      open.includes(status)
        ? { do: 'finish', status: 'Cancelled', reason: 'cancelled by olga' }
        : { do: 'ignore' },
    );
  });

  it.each(statuses)('promote of a step that is not open while %s', (status) => {
    const signal = signalOf('promote', { params: { stepId: 'w1.gate' } });
    expect(effectOf(signal, runOf(status, true))).toEqual({ do: 'ignore' });
  });
});

describe('promote', () => {
  const watching = [done('preflight'), done('slot'), done('w1.move'), done('w1.converge')];
  const asked = signalOf('promote', { params: { stepId: 'w1.gate' }, reason: 'seen by hand' });
  const at = (change: object): LoadedRun => ({
    ...inputOf([...watching, began('w1.gate', 0, 2)], change),
    gate: null,
    pokes: 0,
  });

  it('ends the step that was meant, in the attempt that is open', () => {
    expect(effectOf(asked, at({}))).toMatchObject({
      do: 'promote',
      step: { id: 'w1.gate' },
      attempt: 2,
    });
  });

  it.each(statuses.filter((status) => status !== 'Running'))('is ignored while %s', (status) => {
    expect(effectOf(asked, at({ status }))).toEqual({ do: 'ignore' });
  });

  it('is ignored when it was meant for another step, or for none', () => {
    const other = signalOf('promote', { params: { stepId: 'w1.converge' } });
    expect(effectOf(other, at({}))).toEqual({ do: 'ignore' });
    expect(effectOf(signalOf('promote'), at({}))).toEqual({ do: 'ignore' });
  });

  it('is journalled with why it was refused', () => {
    const run = at({});
    const entry = appliedEntry(asked, run, effectOf(asked, run), 'errors 20 %');
    expect(entry.data).toMatchObject({ reason: 'seen by hand', ignored: 'errors 20 %' });
  });
});

describe('the journal’s entry of an applied verb', () => {
  it('says who asked for what, and why', () => {
    const signal = signalOf('pause', { reason: 'lunch' });
    const run = runOf('Running');
    expect(appliedEntry(signal, run, effectOf(signal, run))).toEqual({
      kind: 'applied',
      planNumber: 1,
      actor: 'olga',
      data: { number: 7, verb: 'pause', reason: 'lunch' },
    });
  });

  it('says when it did not fit any more', () => {
    const run = runOf('Succeeded');
    const entry = appliedEntry(signalOf('pause'), run, { do: 'ignore' });
    expect(entry.data).toMatchObject({ ignored: 'not possible while Succeeded' });
  });
});
