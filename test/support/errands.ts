/** A second kind of run, for tests: something is fetched and put, and taken away again if that fails. */
import type { Plan, Step, StepEffect } from '../../src/engine/plan.js';
import type { RunKind } from '../../src/engine/run-kind.js';
import type { StepHandler, StepOutcome, StepCall } from '../../src/engine/step-handler.js';
import { registry } from '../../src/kernel/registry.js';

export const ERRAND = 'errand';

const step = (kind: string, effect: StepEffect): Step => ({
  id: kind,
  kind,
  effects: [effect],
  wave: 0,
  title: `To ${kind}`,
  deadlineMs: 60_000,
  params: { what: 'bread' },
});

export const errandPlan: Plan = {
  role: 'forward',
  steps: [step('fetch', 'check'), step('put', 'move')],
};

const undoPlan: Plan = { role: 'undo', steps: [step('take', 'move')] };

export type ErrandScript = Readonly<Record<string, (call: StepCall) => StepOutcome>>;

export class Errands implements RunKind {
  readonly kind = ERRAND;
  readonly title = 'Errand';
  /** Every run of a step, and every end. */
  readonly done: string[] = [];
  script: ErrandScript = {};
  readonly steps = registry('step', [
    this.handler('fetch', { mode: 'outside', onlyLooks: true }),
    this.handler('put', { mode: 'transaction', locksShared: true }),
    this.handler('take', { mode: 'transaction' }),
  ]);

  planUndo() {
    return { plan: undoPlan, factsText: '{}' };
  }

  onFinish: RunKind['onFinish'] = async (_tx, { kind, id }, status) => {
    this.done.push(`${kind} ${id} ${status}`);
  };

  private handler(kind: string, how: Pick<StepHandler, 'mode' | 'onlyLooks' | 'locksShared'>) {
    const handler: StepHandler = {
      kind,
      title: `To ${kind}`,
      ...how,
      run: async (_context, call) => {
        this.done.push(kind);
        return this.script[kind]?.(call) ?? standard(kind);
      },
    };
    return handler;
  }
}

function standard(kind: string): StepOutcome {
  return kind === 'fetch' ? { outcome: 'done', status: 'Running' } : { outcome: 'done' };
}
