import type { Provider } from '@nestjs/common';
import { failpoint } from '../../kernel/failpoint.js';
import { registry, type Registry } from '../../kernel/registry.js';
import type { StepHandler } from '../../engine/step-handler.js';
import { ApprovalStep } from './approval.step.js';
import { BaselineStep } from './baseline.step.js';
import { ConvergeStep } from './converge.step.js';
import { GateStep } from './gate.step.js';
import { KeepStep } from './keep.step.js';
import { MoveStep } from './move.step.js';
import { PreflightStep } from './preflight.step.js';
import { RecheckStep } from './recheck.step.js';
import { ServingStep } from './serving.step.js';
import { SlotStep } from './slot.step.js';

/** Every kind of step that a deployment may have. Adding one is its file and its line here. */
const HANDLERS = [
  PreflightStep,
  ApprovalStep,
  SlotStep,
  RecheckStep,
  ServingStep,
  BaselineStep,
  MoveStep,
  ConvergeStep,
  GateStep,
  KeepStep,
];

export class Steps {
  readonly registry: Registry<StepHandler>;

  constructor(handlers: readonly StepHandler[]) {
    this.registry = registry<StepHandler>('step', handlers.map(withFailpoints));
  }
}

/** What makes them, for the module. */
export const stepProviders: readonly Provider[] = [
  ...HANDLERS,
  {
    provide: Steps,
    useFactory: (...handlers: StepHandler[]) => new Steps(handlers),
    inject: HANDLERS,
  },
];

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
