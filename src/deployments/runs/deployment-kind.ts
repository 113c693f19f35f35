import { Injectable } from '@nestjs/common';
import type { RunKind } from '../../engine/run-kind.js';
import type { RunKey, RunStatus } from '../../engine/run.js';
import type { RunTransaction } from '../../engine/run-store.js';
import { Steps } from '../steps/steps.js';
import { FinishRun } from './finish-run.js';
import { RUN_KIND } from './runs.store.js';
import { planUndo } from './undo.js';

/** What the engine knows of deployments: their steps, the way back, and what their end means. */
@Injectable()
export class DeploymentKind implements RunKind {
  readonly kind = RUN_KIND;
  readonly title = 'Deployment';
  readonly steps: RunKind['steps'];
  readonly planUndo = planUndo;

  constructor(
    steps: Steps,
    private readonly finishRun: FinishRun,
  ) {
    this.steps = steps.registry;
  }

  onFinish(tx: RunTransaction, key: RunKey, status: RunStatus): Promise<void> {
    return this.finishRun.finish(tx, key.id, status);
  }
}
