import { began, done, inputOf } from '../../test/support/decide-input.js';
import type { LoadedRun, RunSignal, RunStatus } from './run.js';
import { appliedEntry, effectOf } from './signal-effect.js';

const statuses: RunStatus[] = [
  ...(['Pending', 'PendingApproval', 'Running', 'Paused', 'RollingBack', 'Succeeded'] as const),
  ...(['Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'] as const),
];
const open: RunStatus[] = ['Pending', 'PendingApproval', 'Running', 'Paused'];

function runOf(status: RunStatus, hasMoved = false): LoadedRun {
  const lines = [done('preflight'), done('slot'), ...(hasMoved ? [began('w1.move')] : [])];
  return { ...inputOf(lines, { status }), gate: null, pokes: 0 };
}

function signalOf(verb: RunSignal['verb'], change: Partial<RunSignal> = {}): RunSignal {
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

describe('the journal’s entry of an applied verb', () => {
  it('says who asked for what, and why', () => {
    const signal = signalOf('pause', { reason: 'lunch' });
    const run = runOf('Running');
    expect(appliedEntry(signal, run, effectOf(signal, run))).toEqual({
      ...{ kind: 'applied', planNumber: 1, actor: 'olga' },
      data: { number: 7, verb: 'pause', reason: 'lunch' },
    });
  });

  it('says when it did not fit any more', () => {
    const run = runOf('Succeeded');
    const entry = appliedEntry(signalOf('pause'), run, { do: 'ignore' });
    expect(entry.data).toMatchObject({ ignored: 'not possible while Succeeded' });
  });
});
