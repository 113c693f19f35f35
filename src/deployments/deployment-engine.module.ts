import {
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { newId } from '../kernel/ids.js';
import type { Clock } from '../kernel/clock.js';
import { Engine } from '../engine/engine.js';
import { Interpreter } from '../engine/interpreter.js';
import { LeaseKeeper } from '../engine/lease-keeper.js';
import { CLOCK } from '../platform/clock.js';
import { Config } from '../platform/config/config.js';
import { Logger } from '../platform/logging/logger.js';
import { WakeUp } from '../platform/queue/wake-up.js';
import { DeploymentsModule } from './deployments.module.js';
import { GatePoller } from './gates/gate-poller.js';
import { EngineGauges } from './runs/engine-gauges.js';
import { FinishRun } from './runs/finish-run.js';
import { SqlRunStore } from './runs/sql-run-store.js';
import { planUndo } from './runs/undo.js';
import { Steps } from './steps/steps.js';

/** Hints taken from the queue at once; each becomes one lease. */
const HINT_CONCURRENCY = 16;

/** Runs the engine in this process, from start to shutdown. */
@Injectable()
class DeploymentEngine implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly engine: Engine;

  constructor(
    store: SqlRunStore,
    steps: Steps,
    finishRun: FinishRun,
    poller: GatePoller,
    gauges: EngineGauges,
    logger: Logger,
    private readonly config: Config,
    private readonly wakeUp: WakeUp,
    @Inject(CLOCK) clock: Clock,
  ) {
    const log = logger.child({ part: 'engine' });
    const interpreter = new Interpreter({
      store,
      handlers: steps.registry,
      planUndo,
      onFinish: (tx, key, run, status) => finishRun.finish(tx, key.id, run, status),
    });
    this.engine = new Engine({
      ...{ store, interpreter, clock, log, metrics: gauges, pollers: [poller] },
      leases: new LeaseKeeper(store, newId(), clock, log),
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.engine.start();
    await this.wakeUp.start((key) => this.engine.look(key), { concurrency: HINT_CONCURRENCY });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.stop(this.config.shutdownGraceMs / 4);
  }
}

@Module({ imports: [DeploymentsModule], providers: [DeploymentEngine, EngineGauges] })
export class DeploymentEngineModule {}
