import { currentStep, hasMoved } from './decide.js';
import type { Step } from './plan.js';
import type { LoadedRun, RunSignal, RunStatus, UndoEnding } from './run.js';
import type { NewEntry, StatusChange } from './run-store.js';

/** What a verb means for a run in its present state. Pure. */
export type SignalEffect =
  | { readonly do: 'change'; readonly change: StatusChange }
  | { readonly do: 'undo'; readonly ending: UndoEnding; readonly reason: string }
  | { readonly do: 'finish'; readonly status: RunStatus; readonly reason: string }
  | { readonly do: 'promote'; readonly step: Step; readonly attempt: number }
  | { readonly do: 'ignore' };

export function effectOf(signal: RunSignal, run: LoadedRun): SignalEffect {
  const { status } = run;
  switch (signal.verb) {
    case 'pause':
      return status === 'Running'
        ? { do: 'change', change: { status: 'Paused', reason: null } }
        : { do: 'ignore' };
    case 'resume':
      return status === 'Paused'
        ? { do: 'change', change: { status: 'Running', reason: null } }
        : { do: 'ignore' };
    case 'cancel':
      return cancelEffect(signal, run);
    case 'promote':
      return promoteEffect(signal, run);
    default:
      return { do: 'ignore' };
  }
}

/** Ends the step that was open when somebody asked, and no later one that nobody has looked at. */
function promoteEffect(signal: RunSignal, run: LoadedRun): SignalEffect {
  if (run.status !== 'Running') return { do: 'ignore' };
  const current = currentStep(run.forward, run.journal.planNumber, run.journal);
  if (current?.record?.status !== 'started' || current.step.id !== signal.params.stepId) {
    return { do: 'ignore' };
  }
  return { do: 'promote', step: current.step, attempt: current.record.attempt };
}

/** Cancel takes back what has moved, unless it was asked to leave things as they are. */
function cancelEffect(signal: RunSignal, run: LoadedRun): SignalEffect {
  const reason = signal.reason ?? `cancelled by ${signal.actor}`;
  const isOpen = ['Pending', 'PendingApproval', 'Running', 'Paused'].includes(run.status);
  if (!isOpen) return { do: 'ignore' };
  if (hasMoved(run.forward, run.journal) && signal.params.leave !== true) {
    return { do: 'undo', ending: 'Cancelled', reason };
  }
  return { do: 'finish', status: 'Cancelled', reason };
}

function answerOf({ verb, params: { outcome, node } }: RunSignal): object {
  if (verb !== 'resume' || outcome === undefined) return {};
  return { outcome, ...(node === undefined ? {} : { node }) };
}

export function appliedEntry(
  signal: RunSignal,
  run: LoadedRun,
  effect: SignalEffect,
  refusal?: string,
): NewEntry {
  const ignored =
    refusal ?? (effect.do === 'ignore' ? `not possible while ${run.status}` : undefined);
  return {
    kind: 'applied',
    planNumber: run.journal.planNumber,
    actor: signal.actor,
    data: {
      number: signal.number,
      verb: signal.verb,
      ...(signal.reason ? { reason: signal.reason } : {}),
      // What goes with it: `outcome` and `node` of a resume.
      ...answerOf(signal),
      ...(ignored === undefined ? {} : { ignored }),
    },
  };
}
