import { Injectable } from '@nestjs/common';
import { failpoint } from '../../kernel/failpoint.js';
import { registry, type Registry } from '../../kernel/registry.js';
import type { StepHandler } from '../../engine/step-handler.js';
import { BaselineStep } from './baseline.step.js';
import { ConvergeStep } from './converge.step.js';
import { GateStep } from './gate.step.js';
import { KeepStep } from './keep.step.js';
import { MoveStep } from './move.step.js';
import { PreflightStep } from './preflight.step.js';
import { RecheckStep } from './recheck.step.js';
import { ServingStep } from './serving.step.js';
import { SlotStep } from './slot.step.js';

/** Every kind of step that exists. Adding one is its file, a parameter and a word in the list. */
@Injectable()
export class Steps {
  readonly registry: Registry<StepHandler>;

  constructor(
    preflight: PreflightStep,
    slot: SlotStep,
    recheck: RecheckStep,
    baseline: BaselineStep,
    move: MoveStep,
    converge: ConvergeStep,
    gate: GateStep,
    serving: ServingStep,
    keep: KeepStep,
  ) {
    this.registry = registry<StepHandler>('step', [
      ...[preflight, slot, recheck, baseline, move, converge, gate, serving, keep].map(
        withFailpoints,
      ),
    ]);
  }
}

/** The same handler with a place before its effect and one after it, before that is journalled. */
function withFailpoints(handler: StepHandler): StepHandler {
  return Object.assign(Object.create(handler) as StepHandler, {
    kind: handler.kind,
    run: async (...given: Parameters<StepHandler['run']>) => {
      await failpoint('engine.action:before-effect', handler.kind);
      const outcome = await handler.run(...given);
      await failpoint('engine.action:after-effect', handler.kind);
      return outcome;
    },
  });
}
