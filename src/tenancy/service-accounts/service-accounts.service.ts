import { Inject, Injectable } from '@nestjs/common';
import { type FindOptionsWhere, IsNull, LessThan, Not } from 'typeorm';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { answerOf } from '../../platform/http/answer.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import type { AccessKeysQuery, CreateAccessKeyBody } from '../access-keys/access-keys.dto.js';
import { AccessKeysService, type CreatedAccessKey } from '../access-keys/access-keys.service.js';
import type { AccessKeyView } from '../access-keys/access-keys.views.js';
import { removeRolesOf } from '../permissions/role-bindings.store.js';
import { ServiceAccountEntity } from './service-account.entity.js';
import {
  serviceAccountOut,
  type ServiceAccountRules,
  type ServiceAccountsQuery,
  type ServiceAccountView,
} from './service-accounts.dto.js';
import * as errors from './service-accounts.errors.js';
import * as events from './service-accounts.events.js';

/** Those who are no person. What they may do stands in role bindings; they act by access keys. */
@Injectable()
export class ServiceAccountsService {
  constructor(
    private readonly database: Database,
    private readonly keys: AccessKeysService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: ServiceAccountsQuery): Promise<Page<ServiceAccountView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('service-accounts', query, async (before, take) => {
        const { tenantId } = open;
        const rows = await open.tx.repository(ServiceAccountEntity).find({
          where: before === null ? { tenantId } : { tenantId, id: LessThan(before) },
          order: { id: 'desc' },
          take,
        });
        return rows.map(viewOf);
      }),
    );
  }

  /** Throws `service-account-not-found`. */
  get(ctx: Context, id: string): Promise<ServiceAccountView> {
    return this.database.transaction(ctx, async (open) =>
      answerOf(serviceAccountOut, await find(open, id)),
    );
  }

  /** Throws `service-account-exists`, `service-account-limit`. */
  async create(
    ctx: Context,
    rules: ServiceAccountRules,
    key: string | undefined,
  ): Promise<ServiceAccountView> {
    const call = { key, route: 'POST /service-accounts', body: rules };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const { tenantId } = open;
      const accounts = open.tx.repository(ServiceAccountEntity);
      const count = await accounts.countBy({ tenantId });
      if (count >= limits.serviceAccountsPerTenant) throw errors.serviceAccountLimit();
      const nameKey = nameKeyOf(rules.name);
      const [row] = await insertNew(accounts, { ...rules, tenantId, id: newId(), nameKey });
      if (!row) throw errors.serviceAccountExists(rules.name);
      await open.record(
        changing(events.serviceAccountCreated(row.id, rules), { before: null, after: viewOf(row) }),
      );
      return { status: 201, body: viewOf(row) };
    });
    return answer.body;
  }

  /** Throws `service-account-not-found`, `service-account-exists`, `version-mismatch`. */
  replace(
    ctx: Context,
    id: string,
    { version, rules }: { readonly version: number; readonly rules: ServiceAccountRules },
  ): Promise<ServiceAccountView> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      const accounts = open.tx.repository(ServiceAccountEntity);
      const nameKey = nameKeyOf(rules.name);
      if (await accounts.existsBy({ tenantId, nameKey, id: Not(id) })) {
        throw errors.serviceAccountExists(rules.name);
      }
      const row = await updateOne(accounts, { tenantId, id, version }, { ...rules, nameKey });
      if (!row) throw versionMismatch(before.version);
      const after = viewOf(row);
      const changed = events.serviceAccountChanged(id, rules);
      await open.record(changing(changed, { before: viewOf(before), after }));
      return after;
    });
  }

  /** Repeating it changes nothing. Throws `service-account-not-found`. */
  disable(ctx: Context, id: string): Promise<ServiceAccountView> {
    const disabledAt = new Date(this.clock.now());
    return this.turn(ctx, id, { disabledAt: IsNull() }, { disabledAt });
  }

  /** Repeating it changes nothing. Throws `service-account-not-found`. */
  enable(ctx: Context, id: string): Promise<ServiceAccountView> {
    return this.turn(ctx, id, { disabledAt: Not(IsNull()) }, { disabledAt: null });
  }

  /** With its roles; its keys are revoked. Throws `service-account-not-found`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const row = await find(open, id);
      const { name } = row;
      const subject = { kind: 'service-account', id } as const;
      const rolesTaken = await removeRolesOf(open, subject);
      const keysRevoked = await this.keys.revokeAllOf(open, subject);
      await open.tx.repository(ServiceAccountEntity).delete({ tenantId, id });
      const deleted = events.serviceAccountDeleted(id, { name, keysRevoked, rolesTaken });
      await open.record(changing(deleted, { before: viewOf(row), after: null }));
    });
  }

  /** Throws `service-account-not-found`. */
  async keysOf(ctx: Context, id: string, query: AccessKeysQuery): Promise<Page<AccessKeyView>> {
    await this.get(ctx, id);
    return this.keys.list(ctx, query, id);
  }

  /** Throws `service-account-not-found`, `service-account-disabled` and what making a key does. */
  createKey(ctx: Context, id: string, body: CreateAccessKeyBody): Promise<CreatedAccessKey> {
    return this.database.transaction(ctx, async (open) => {
      const { disabledAt } = await find(open, id);
      if (disabledAt !== null) throw errors.serviceAccountDisabled();
      return this.keys.createFor(open, { kind: 'service-account', id }, body);
    });
  }

  private turn(
    ctx: Context,
    id: string,
    from: FindOptionsWhere<ServiceAccountEntity>,
    to: Pick<ServiceAccountEntity, 'disabledAt'>,
  ): Promise<ServiceAccountView> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const accounts = open.tx.repository(ServiceAccountEntity);
      const before = viewOf(await find(open, id));
      const turned = await updateOne(accounts, { ...from, tenantId, id }, to);
      if (!turned) return viewOf(await find(open, id));
      const after = viewOf(turned);
      const happened =
        to.disabledAt === null
          ? events.serviceAccountEnabledEvent
          : events.serviceAccountDisabledEvent;
      await open.record(changing(happened(id, { name: after.name }), { before, after }));
      return after;
    });
  }
}

function viewOf(row: ServiceAccountEntity): ServiceAccountView {
  return answerOf(serviceAccountOut, row);
}

async function find(open: OpenContext, id: string): Promise<ServiceAccountEntity> {
  const { tenantId } = open;
  const row = await open.tx.repository(ServiceAccountEntity).findOneBy({ tenantId, id });
  if (row) return row;
  throw errors.serviceAccountNotFound();
}

function nameKeyOf(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
