import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { messageOf } from '../../kernel/errors.js';
import { isId } from '../../kernel/ids.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { TenantDirectory } from '../tenants/tenant-directory.js';
import { Quotas } from './quotas.js';

/**
 * Warns of what a new limit finds used up already, when something is decided about a tenant. A hint that
 * is lost costs the warning until the next use, and nothing else: limits hold without it.
 */
@Injectable()
export class QuotaReviews implements BeforeApplicationShutdown {
  private readonly deafen: () => void;
  private reviewing: Promise<void> = Promise.resolve();
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    private readonly quotas: Quotas,
    private readonly tenants: TenantDirectory,
    signal: Signal,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'quotas' });
    this.deafen = signal.subscribe(Topic.Tenant, (id) => this.plan(id));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.deafen();
    await this.reviewing;
  }

  /** One after the other. Of a change of a tier nobody is told which tenants it is about. */
  private plan(tenantId: string): void {
    if (!isId(tenantId)) return;
    this.reviewing = this.reviewing.then(() => this.review(tenantId));
  }

  private async review(tenantId: string): Promise<void> {
    try {
      await this.tenants.look();
      await this.database.transaction(Context.system(tenantId, 'quotas'), (open) =>
        this.quotas.reviewAll(open),
      );
    } catch (error) {
      this.log.warn({ tenantId, error: messageOf(error) }, 'quotas could not be looked at');
    }
  }
}
