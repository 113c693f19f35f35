import {
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { newId } from '../kernel/ids.js';
import { registry } from '../kernel/registry.js';
import type { Clock } from '../kernel/clock.js';
import { Engine } from '../engine/engine.js';
import { Interpreter } from '../engine/interpreter.js';
import type { RunKind } from '../engine/run-kind.js';
import { LeaseKeeper } from '../engine/lease-keeper.js';
import { CLOCK } from '../platform/clock.js';
import { Config } from '../platform/config/config.js';
import { Logger } from '../platform/logging/logger.js';
import { WakeUp, type RunHandler } from '../platform/queue/wake-up.js';
import { ApprovalGauges } from './approvals/requests/approval-gauges.js';
import { DeploymentsModule } from './deployments.module.js';
import { GatePoller } from './gates/gate-poller.js';
import { Reconciler } from './reconciler/reconciler.js';
import { DeploymentKind } from './runs/deployment-kind.js';
import { EngineGauges } from './runs/engine-gauges.js';
import { HintShare } from './runs/hint-share.js';
import { SqlRunStore } from './runs/sql-run-store.js';

/** Hints taken from the queue at once; each becomes one lease. */
const HINT_CONCURRENCY = 16;
/** Of those, for one tenant: half, so that a flood of one leaves the hints of others a way. */
const HINTS_PER_TENANT = 8;
/** Besides those, for what a person has asked for and waits for; and of those, for one tenant. */
const URGENT_CONCURRENCY = 4;
const URGENT_PER_TENANT = 2;

/** Runs the engine in this process, from start to shutdown. */
@Injectable()
class DeploymentEngine implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly engine: Engine;

  constructor(
    store: SqlRunStore,
    deployments: DeploymentKind,
    poller: GatePoller,
    private readonly gauges: EngineGauges,
    logger: Logger,
    private readonly config: Config,
    private readonly wakeUp: WakeUp,
    @Inject(CLOCK) clock: Clock,
  ) {
    const log = logger.child({ part: 'engine' });
    const kinds = registry<RunKind>('kind of run', [deployments]);
    this.engine = new Engine({
      store,
      kinds,
      interpreter: new Interpreter({ store, kinds }),
      clock,
      log,
      metrics: gauges,
      pollers: [poller],
      leases: new LeaseKeeper(store, newId(), clock, log),
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.engine.start();
    const shareOf = (perTenant: number) => new HintShare(perTenant, (key) => this.engine.look(key));
    const [hints, urgent] = [shareOf(HINTS_PER_TENANT), shareOf(URGENT_PER_TENANT)];
    const take: RunHandler = (hint, isUrgent) => {
      this.gauges.hintTaken();
      return (isUrgent ? urgent : hints).take(hint);
    };
    await this.wakeUp.start(take, { normal: HINT_CONCURRENCY, urgent: URGENT_CONCURRENCY });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.stop(this.config.shutdownGraceMs / 4);
  }
}

@Module({
  imports: [DeploymentsModule],
  providers: [DeploymentEngine, ApprovalGauges, EngineGauges, Reconciler],
})
export class DeploymentEngineModule {}
