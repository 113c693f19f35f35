import { Injectable } from '@nestjs/common';
import type {
  TenantServerKind,
  TenantServerStep,
} from '../../drivers/tenant-servers/tenant-server.js';
import { TenantServers } from '../../drivers/tenant-servers/tenant-servers.js';
import { limits } from '../../kernel/limits.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { tenantPurged } from '../tenants/tenants.events.js';
import { buryTenant, cutOffTenant, purgeRows } from './purge.store.js';
import { TenantPurgers } from './tenant-purger.js';
import { resourceOf } from './tenant-resources.store.js';
import { DONE, MORE, type StepEnd, type TenantStep } from './tenant-step.js';
import type { TenantTask } from './tenant-tasks.store.js';

/** The last step: with it the task itself is gone. */
export const BURY = 'bury';
const KINDS: readonly TenantServerKind[] = ['redis', 'postgres'];

/** The end of a tenant whose time is over. There is no way back, so each step is tried until it succeeds. */
@Injectable()
export class Purging {
  readonly steps: readonly TenantStep[];
  readonly plan: readonly string[];

  constructor(
    private readonly database: Database,
    private readonly servers: TenantServers,
    private readonly purgers: TenantPurgers,
  ) {
    this.steps = [
      {
        kind: 'cut-off',
        title: 'Cut its nodes and rollouts off',
        run: (task) => this.cutOff(task),
      },
      { kind: 'objects', title: 'Delete its artifacts', run: (task) => this.objects(task) },
      ...KINDS.map((kind): TenantStep => {
        return {
          kind: `remove-${kind}`,
          title: `Remove what it has on the ${kind} server`,
          run: (task) => this.remove(task, kind),
        };
      }),
      { kind: 'rows', title: 'Delete its rows', run: (task) => this.rows(task) },
      { kind: BURY, title: 'Keep its slug', run: (task) => this.bury(task) },
    ];
    this.plan = this.steps.map(({ kind }) => kind);
  }

  private async cutOff({ tenantId }: TenantTask): Promise<StepEnd> {
    await this.database.system((tx) => cutOffTenant(tx, tenantId));
    return { isDone: true, pauseMs: limits.purgeSettlesMs };
  }

  private async objects({ tenantId }: TenantTask): Promise<StepEnd> {
    const isAll = await this.purgers.purge(Context.system(tenantId, 'purge'));
    return isAll ? DONE : MORE;
  }

  private async remove(task: TenantTask, kind: TenantServerKind): Promise<StepEnd> {
    const { tenantId } = task;
    const resource = await this.database.system((tx) => resourceOf(tx, { tenantId, kind }));
    if (!resource) return DONE;
    const server = this.servers.of(kind);
    if (!server) {
      throw new Error(
        `the tenant has something on a ${kind} server that is not set any more: set it again`,
      );
    }
    const backwards: readonly TenantServerStep[] = [...server.steps].reverse();
    for (const step of backwards) if (!(await step.undo(task))) return MORE;
    return DONE;
  }

  private async rows({ tenantId }: TenantTask): Promise<StepEnd> {
    const { purgedRows } = limits;
    const gone = await this.database.system((tx) => purgeRows(tx, tenantId, purgedRows));
    return gone < purgedRows ? DONE : MORE;
  }

  /** Written down first: a process that dies in between says it twice, and never not at all. */
  private async bury({ tenantId, slug }: TenantTask): Promise<StepEnd> {
    const ofPlatform = Context.system(PLATFORM_TENANT.id, 'purge');
    await this.database.transaction(ofPlatform, (open) =>
      open.record(tenantPurged(tenantId, { slug })),
    );
    await this.database.system(async (tx) => {
      // What has come since is gone, too, in the transaction that ends it.
      const { purgedRows } = limits;
      while ((await purgeRows(tx, tenantId, purgedRows)) === purgedRows);
      await buryTenant(tx, tenantId);
    });
    return DONE;
  }
}
