import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Beat } from '../../engine/beat.js';
import { afterFailure, decideTask } from '../../engine/task.js';
import { messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { type Registry, registry } from '../../kernel/registry.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { withLogScope } from '../../platform/logging/log-scope.js';
import { Logger } from '../../platform/logging/logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { noteNotProvisioned } from '../tenants/tenant-opening.service.js';
import { Provisioning } from './provisioning.js';
import { BURY, Purging } from './purging.js';
import type { TenantStep } from './tenant-step.js';
import {
  beginDuePurges,
  claimTasks,
  openTasks,
  type Progress,
  saveTask,
  type TaskNote,
  type TenantTask,
} from './tenant-tasks.store.js';

const BEAT_MS = 1_000;
const TASKS_AT_ONCE = 4;
/** Longer than any one call of a step takes; whoever takes a task over after that repeats the step. */
const LEASE_MS = 120_000;
const REASON_CHARACTERS = 500;

/** Leads tenants' tasks to their end, in this process, from start to shutdown. */
@Injectable()
export class TenantTaskRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly ended: Counter<'kind' | 'outcome'>;
  private readonly failed: Counter<'kind' | 'step'>;
  private readonly steps: Registry<TenantStep>;
  private readonly beat = new Beat(() => this.lookQuietly(), BEAT_MS);
  private running: Promise<unknown> = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly provisioning: Provisioning,
    private readonly purging: Purging,
    logger: Logger,
    metrics: Metrics,
  ) {
    this.log = logger.child({ part: 'tenants' });
    this.steps = registry('step of a tenant', [...provisioning.steps, ...purging.steps]);
    this.ended = metrics.counter({
      name: 'tenant_tasks_total',
      help: 'Tasks about tenants that are over, by how they ended: succeeded, undone',
      labelNames: ['kind', 'outcome'],
    });
    this.failed = metrics.counter({
      name: 'tenant_task_failures_total',
      help: 'Steps of tasks about tenants that failed; they are tried again, or undone',
      labelNames: ['kind', 'step'],
    });
    const open = metrics.gauge({
      name: 'tenant_tasks_open',
      help: 'Tasks about tenants that are not over',
      labelNames: ['kind'],
      collect: async () => {
        const counts = await database.system(openTasks).catch(() => null);
        if (counts === null) return;
        open.reset();
        for (const { kind, count } of counts) open.set({ kind }, count);
      },
    });
  }

  onApplicationBootstrap(): void {
    this.beat.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    this.beat.stop();
    await this.running;
  }

  private lookQuietly(): Promise<void> {
    const look = this.look().catch((error: unknown) => {
      this.log.warn({ error: messageOf(error) }, 'the tasks of tenants could not be read');
    });
    this.running = look;
    return look;
  }

  /** Everything that is due, as far as it comes at once. */
  async look(): Promise<void> {
    await this.database.system((tx) => beginDuePurges(tx, this.purging.plan, TASKS_AT_ONCE));
    const tasks = await this.database.system((tx) => claimTasks(tx, TASKS_AT_ONCE, LEASE_MS));
    await Promise.all(
      tasks.map((task) =>
        withLogScope({ tenantId: task.tenantId, task: task.id }, () => this.lead(task)),
      ),
    );
  }

  private async lead(claimed: TenantTask): Promise<void> {
    let task: TenantTask | null = claimed;
    while (task !== null && !this.isStopping) task = await this.turn(task);
    if (task !== null) await this.save(task, { delayMs: 1 }, null);
  }

  /** One step further. Null: it is over, waits, or is somebody else's by now. */
  private async turn(task: TenantTask): Promise<TenantTask | null> {
    const action = decideTask(task);
    if (action.do === 'finish') return this.finish(task, action.outcome);
    const { step } = action;
    const isBack = action.do === 'undo';
    let held: TenantTask | null = task;
    if (!isBack && action.reached > task.reached) {
      held = await this.save(task, { reached: action.reached }, { what: 'started', step });
    }
    if (held === null) return null;
    try {
      const known = this.steps.get(step);
      await failpoint('tenant.step:before', step);
      const end = isBack ? await known.undo?.(held) : await known.run(held);
      await failpoint('tenant.step:after', step);
      if (end && !end.isDone) return await this.save(held, {}, null);
      const pauseMs = end?.pauseMs ?? 0;
      const change = isBack ? { reached: held.reached - 1 } : { done: held.done + 1 };
      const after = { ...change, failures: 0, delayMs: pauseMs };
      const saved = await this.save(held, after, { what: isBack ? 'undone' : 'done', step });
      // A purge takes its own task away with all the rest.
      if (saved === null && step === BURY) this.over(held, 'succeeded');
      return pauseMs > 0 ? null : saved;
    } catch (error) {
      return this.fail(held, step, error);
    }
  }

  private async fail(task: TenantTask, step: string, error: unknown): Promise<TenantTask | null> {
    const { kind, slug } = task;
    const reason = messageOf(error).slice(0, REASON_CHARACTERS);
    const next = afterFailure(task, error, kind === 'provision');
    this.failed.inc({ kind, step });
    this.log.warn({ kind, slug, step, failures: next.failures, reason }, 'a step failed');
    const saved = await this.save(
      task,
      { ...next, reason },
      { what: 'failed', step, message: reason },
    );
    return next.delayMs > 0 ? null : saved;
  }

  private async finish(task: TenantTask, outcome: 'succeeded' | 'undone'): Promise<null> {
    if (outcome === 'undone') {
      const ctx = Context.system(task.tenantId, 'provisioning');
      const reason = task.reason ?? 'a step failed';
      await this.database.transaction(ctx, (open) => noteNotProvisioned(open, reason));
    }
    const saved = await this.save(task, { outcome }, { what: 'finished', step: null });
    if (saved !== null) this.over(task, outcome);
    return null;
  }

  private over({ kind, slug }: TenantTask, outcome: 'succeeded' | 'undone'): void {
    this.ended.inc({ kind, outcome });
    this.log.info({ kind, slug, outcome }, 'a task of a tenant is over');
  }

  private async save(
    task: TenantTask,
    change: Partial<Progress>,
    note: TaskNote | null,
  ): Promise<TenantTask | null> {
    const { reached, done, isGoingBack, failures, reason } = task;
    const usual = { reached, done, isGoingBack, failures, reason, delayMs: 0, outcome: null };
    const progress: Progress = { ...usual, ...change };
    const isSaved = await this.database.system((tx) =>
      saveTask(tx, task, progress, note, LEASE_MS),
    );
    return isSaved ? { ...task, ...change } : null;
  }
}
