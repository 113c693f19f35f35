import { currentStep, hasMoved } from './decide.js';
import type { Step } from './plan.js';
import type { LoadedRun, AskedVerb, RunStatus, UndoEnding } from './run.js';
import type { NewEntry, StatusChange } from './run-store.js';

/** What a verb means for a run in its present state. Pure. */
export type VerbEffect =
  | { readonly do: 'change'; readonly change: StatusChange }
  | { readonly do: 'undo'; readonly ending: UndoEnding; readonly reason: string }
  | { readonly do: 'finish'; readonly status: RunStatus; readonly reason: string }
  | { readonly do: 'promote'; readonly step: Step; readonly attempt: number }
  | { readonly do: 'ignore' };

export function effectOf(asked: AskedVerb, run: LoadedRun): VerbEffect {
  const { status } = run;
  switch (asked.verb) {
    case 'pause':
      return status === 'Running'
        ? { do: 'change', change: { status: 'Paused', reason: null } }
        : { do: 'ignore' };
    case 'resume':
      return status === 'Paused'
        ? { do: 'change', change: { status: 'Running', reason: null } }
        : { do: 'ignore' };
    case 'cancel':
      return cancelEffect(asked, run);
    case 'promote':
      return promoteEffect(asked, run);
    default:
      return { do: 'ignore' };
  }
}

/** Ends the step that was open when somebody asked, and no later one that nobody has looked at. */
function promoteEffect(asked: AskedVerb, run: LoadedRun): VerbEffect {
  if (run.status !== 'Running') return { do: 'ignore' };
  const current = currentStep(run.forward, run.journal.planNumber, run.journal);
  if (current?.record?.status !== 'started' || current.step.id !== asked.params.stepId) {
    return { do: 'ignore' };
  }
  return { do: 'promote', step: current.step, attempt: current.record.attempt };
}

/** Cancel takes back what has moved, unless it was asked to leave things as they are. */
function cancelEffect(asked: AskedVerb, run: LoadedRun): VerbEffect {
  const reason = asked.reason ?? `cancelled by ${asked.actor}`;
  const isOpen = ['Pending', 'PendingApproval', 'Running', 'Paused'].includes(run.status);
  if (!isOpen) return { do: 'ignore' };
  if (hasMoved(run.forward, run.journal) && asked.params.leave !== true) {
    return { do: 'undo', ending: 'Cancelled', reason };
  }
  return { do: 'finish', status: 'Cancelled', reason };
}

function answerOf({ verb, params: { outcome, node } }: AskedVerb): object {
  if (verb !== 'resume' || outcome === undefined) return {};
  return { outcome, ...(node === undefined ? {} : { node }) };
}

export function appliedEntry(
  asked: AskedVerb,
  run: LoadedRun,
  effect: VerbEffect,
  refusal?: string,
): NewEntry {
  const ignored =
    refusal ?? (effect.do === 'ignore' ? `not possible while ${run.status}` : undefined);
  return {
    kind: 'applied',
    planNumber: run.journal.planNumber,
    actor: asked.actor,
    data: {
      number: asked.number,
      verb: asked.verb,
      ...(asked.reason ? { reason: asked.reason } : {}),
      // What goes with it: `outcome` and `node` of a resume.
      ...answerOf(asked),
      ...(ignored === undefined ? {} : { ignored }),
    },
  };
}
