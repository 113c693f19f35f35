/**
 * What a task does next: steps one after the other and, where it may go back, from the last one that was
 * begun to the first. Pure, and smaller than a run: nobody pauses a task, and it has no gates and no way
 * but its list. Whoever keeps tasks writes `reached` before a step is begun, so that what a process had
 * half done when it died is taken back, too.
 */
import { limits } from '../kernel/limits.js';
import { TerminalError } from '../kernel/errors.js';
import { retryDelayMs } from './decide.js';

export interface TaskState {
  readonly steps: readonly string[];
  /** How many were begun, and how many have succeeded. */
  readonly reached: number;
  readonly done: number;
  readonly isGoingBack: boolean;
  /** Of the present step, one after the other. */
  readonly failures: number;
}

export type TaskAction =
  | { readonly do: 'run'; readonly step: string; readonly reached: number }
  | { readonly do: 'undo'; readonly step: string }
  | { readonly do: 'finish'; readonly outcome: 'succeeded' | 'undone' };

export function decideTask({ steps, reached, done, isGoingBack }: TaskState): TaskAction {
  if (isGoingBack) {
    const step = steps[reached - 1];
    return step === undefined ? { do: 'finish', outcome: 'undone' } : { do: 'undo', step };
  }
  const step = steps[done];
  if (step === undefined) return { do: 'finish', outcome: 'succeeded' };
  return { do: 'run', step, reached: Math.max(reached, done + 1) };
}

export interface AfterFailure {
  readonly failures: number;
  readonly isGoingBack: boolean;
  readonly delayMs: number;
}

/**
 * Forwards a step is tried as often as one of a run, and not again after a TerminalError; then a task that
 * `mayGoBack` does. The way back, and what has none, is tried for ever: a person sees why it waits.
 */
export function afterFailure(
  { failures: before, isGoingBack }: Pick<TaskState, 'failures' | 'isGoingBack'>,
  error: unknown,
  mayGoBack: boolean,
): AfterFailure {
  const failures = before + 1;
  const isHopeless = error instanceof TerminalError || failures >= limits.stepAttempts;
  if (mayGoBack && !isGoingBack && isHopeless)
    return { failures: 0, isGoingBack: true, delayMs: 0 };
  return { failures, isGoingBack, delayMs: retryDelayMs(failures) };
}
