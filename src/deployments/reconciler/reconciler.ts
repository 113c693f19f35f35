import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { deploymentRun } from '../runs/runs.store.js';
import type { Invariant } from './invariant.js';
import { invariants } from './invariants.js';
import { reconcile, type ReconcilePorts, type Repair } from './reconcile.js';

const INTERVAL_MS = 15_000;
/** Workers that were started together do not ask together. */
const JITTER_MS = 3_000;

/** Looks after the invariants, one worker at a time; from the start to the shutdown of the process. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly repairs: Counter<'invariant'>;
  private readonly failures: Counter<'invariant'>;
  private readonly ports: ReconcilePorts;
  private after: string | null = null;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    database: Database,
    private readonly wakeUp: WakeUp,
    logger: Logger,
    metrics: Metrics,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.log = logger.child({ part: 'reconciler' });
    this.repairs = metrics.counter({
      name: 'reconciler_repairs_total',
      help: 'Broken invariants that were found and repaired; anything but 0 is a bug to find',
      labelNames: ['invariant'],
    });
    this.failures = metrics.counter({
      name: 'reconciler_failures_total',
      help: 'Invariants of a tenant that could not be looked at',
      labelNames: ['invariant'],
    });
    for (const { name } of invariants) this.repairs.inc({ invariant: name }, 0);
    this.ports = {
      database,
      repaired: (repair) => this.repaired(repair),
      failed: (tenant, invariant, error) => this.failed(tenant, invariant, error),
      monotonic: () => clock.monotonic(),
    };
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(): void {
    const ms = INTERVAL_MS + Math.random() * JITTER_MS;
    this.timer = setTimeout(() => {
      this.running = this.turn().finally(() => {
        this.running = undefined;
        if (!this.isStopping) this.schedule();
      });
    }, ms);
  }

  private async turn(): Promise<void> {
    try {
      this.after = await reconcile(this.ports, this.after);
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'the invariants could not be looked at');
    }
  }

  private repaired({ tenantId, invariant, deploymentId }: Repair): void {
    this.repairs.inc({ invariant: invariant.name });
    const about = { tenantId, deployment: deploymentId, invariant: invariant.name };
    this.log.warn(about, `mended: ${invariant.found}`);
    this.wakeUp.now(deploymentRun(tenantId, deploymentId));
  }

  private failed(tenantId: string, { name }: Invariant, error: unknown): void {
    this.failures.inc({ invariant: name });
    const about = { tenantId, invariant: name };
    this.log.error({ ...about, error: messageOf(error) }, 'an invariant is unseen');
  }
}
