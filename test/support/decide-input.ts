/** Inputs of decide(), made from a journal that is written by hand. */
import { foldJournal, type JournalEntry, type JournalKind } from '../../src/engine/journal.js';
import type { Plan } from '../../src/engine/plan.js';
import type { LoadedRun } from '../../src/engine/run.js';
import { planOf } from './engine-rig.js';

export interface Line {
  readonly kind: JournalKind;
  readonly at?: number;
  readonly plan?: number;
  readonly step?: string;
  readonly attempt?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function entriesOf(lines: readonly Line[]): JournalEntry[] {
  return lines.map(({ kind, at = 0, plan = 1, step = null, attempt = null, data = {} }, index) => ({
    seq: index + 1,
    at,
    planNumber: plan,
    stepId: step,
    attempt,
    kind,
    actor: 'test',
    data,
  }));
}

export const planned: Line = { kind: 'planned', plan: 1 };

export const began = (step: string, at = 0, attempt = 1, plan = 1): Line => ({
  kind: 'step-started',
  step,
  at,
  attempt,
  plan,
});

export const done = (step: string, at = 0, plan = 1): Line => ({
  kind: 'step-succeeded',
  step,
  at,
  attempt: 1,
  plan,
});

export const failed = (step: string, at: number, attempt: number, data: object = {}): Line => ({
  kind: 'step-failed',
  step,
  at,
  attempt,
  data: { terminal: false, message: 'no luck', ...data },
});

export const status = (to: string, at: number): Line => ({
  kind: 'status-changed',
  at,
  plan: 0,
  data: { status: to },
});

export const undoPlan: Plan = {
  role: 'undo',
  steps: planOf(1)
    .steps.filter(({ id }) => id === 'w1.move' || id === 'w1.converge')
    .map((step) => ({ ...step, id: step.id.replace('w', 'u') })),
};

export function inputOf(lines: readonly Line[], change: Partial<LoadedRun> = {}): LoadedRun {
  return {
    key: { kind: 'deployment', tenantId: 'acme', id: 'one' },
    pokes: 0,
    status: 'Running',
    ending: null,
    reason: null,
    forward: planOf(1),
    undo: null,
    journal: foldJournal(entriesOf([planned, ...lines])),
    verbs: [],
    gate: null,
    now: 0,
    ...change,
  };
}

export const allDone = planOf(1).steps.map(({ id }) => done(id));
