import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import { changeLimits } from '../../../kernel/change-limits.js';
import { Permission } from '../../../kernel/permission.js';
import { Config } from '../../../platform/config/config.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { type AnswerOf, answerOf } from '../../../platform/http/answer.js';
import { permissionMissing, versionMismatch } from '../../../platform/http/http.errors.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { destinationOf } from '../../../platform/outbound/destination.js';
import { Sealer } from '../../../platform/sealing/sealer.js';
import { changing } from '../../../platform/events/changing.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import { ExternalGateEntity, secretContext } from './external-gate.entity.js';
import { gateWith } from './external-gate.queries.js';
import * as errors from './external-gate.errors.js';
import * as dto from './external-gates.dto.js';
import * as events from './external-gates.events.js';
import { policiesAsking } from './external-gates.store.js';
import { newGateSecret } from './gate-signature.js';

export type ExternalGateView = AnswerOf<typeof dto.externalGateOut>;
export type NewExternalGate = ExternalGateView & { readonly secret: string };

/** The systems outside that a tenant asks. They are of the whole tenant: whoever manages one does so everywhere. */
@Injectable()
export class ExternalGatesService {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly config: Config,
  ) {}

  list(ctx: Context, query: dto.ExternalGatesQuery): Promise<Page<ExternalGateView>> {
    mustManageAll(ctx);
    return this.database.transaction(ctx, (open) =>
      newestFirst('external-gates', query, async (before, take) => {
        const rows = open.tx
          .repository(ExternalGateEntity)
          .createQueryBuilder('gate')
          .where('gate.tenantId = :tenantId', { tenantId: open.tenantId })
          .orderBy('gate.id', 'DESC')
          .take(take);
        if (before !== null) rows.andWhere('gate.id < :before', { before });
        return (await rows.getMany()).map((row) => this.view(row));
      }),
    );
  }

  /** Throws `external-gate-not-found`. */
  get(ctx: Context, id: string): Promise<ExternalGateView> {
    mustManageAll(ctx);
    return this.database.transaction(ctx, async (open) => this.view(await find(open, id)));
  }

  /** Throws `external-gate-exists`, `external-gate-limit`, `outbound-url-invalid`. */
  create(ctx: Context, rules: dto.ExternalGateRules): Promise<NewExternalGate> {
    mustManageAll(ctx);
    destinationOf(rules.url);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const gates = open.tx.repository(ExternalGateEntity);
      const count = await gates.countBy({ tenantId });
      if (count >= changeLimits.externalGatesPerTenant) throw errors.externalGateLimit();
      const id = newId();
      const secret = newGateSecret();
      const sealedSecret = this.sealer.seal(secret, secretContext(tenantId, id));
      const nameKey = accountKey(rules.name);
      const [added] = await insertNew(gates, { ...rules, tenantId, id, nameKey, sealedSecret });
      if (!added) throw errors.externalGateExists();
      await open.record(
        changing(events.externalGateCreated(id, factsOf(added)), {
          before: null,
          after: factsOf(added),
        }),
      );
      return { ...this.view(added), secret };
    });
  }

  /** Throws `external-gate-not-found`, `external-gate-exists`, `version-mismatch`, `outbound-url-invalid`. */
  replace(
    ctx: Context,
    id: string,
    change: { readonly version: number; readonly rules: dto.ExternalGateRules },
  ): Promise<ExternalGateView> {
    mustManageAll(ctx);
    const { version, rules } = change;
    destinationOf(rules.url);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      const nameKey = accountKey(rules.name);
      const gates = open.tx.repository(ExternalGateEntity);
      const isTaken = nameKey !== before.nameKey && (await gates.existsBy({ tenantId, nameKey }));
      if (isTaken) throw errors.externalGateExists();
      const changed = await updateOne(gates, { tenantId, id, version }, { ...rules, nameKey });
      if (!changed) throw versionMismatch(before.version);
      await open.record(
        changing(events.externalGateChanged(id, factsOf(changed)), {
          before: factsOf(before),
          after: factsOf(changed),
        }),
      );
      return this.view(changed);
    });
  }

  /** What was asked before is answered with the new one, too. Throws `external-gate-not-found`. */
  rotateSecret(ctx: Context, id: string): Promise<NewExternalGate> {
    mustManageAll(ctx);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      await find(open, id);
      const secret = newGateSecret();
      const sealedSecret = this.sealer.seal(secret, secretContext(tenantId, id));
      const gates = open.tx.repository(ExternalGateEntity);
      const changed = await updateOne(gates, { tenantId, id }, { sealedSecret });
      if (!changed) throw errors.externalGateNotFound();
      await open.record(events.externalGateSecretRotated(id, factsOf(changed)));
      return { ...this.view(changed), secret };
    });
  }

  /** Throws `external-gate-not-found`, `external-gate-in-use`. */
  remove(ctx: Context, id: string): Promise<void> {
    mustManageAll(ctx);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const gate = await find(open, id);
      const policies = await policiesAsking(open, id);
      if (policies.length > 0) throw errors.externalGateInUse(policies);
      await open.tx.repository(ExternalGateEntity).delete({ tenantId, id });
      await open.record(
        changing(events.externalGateDeleted(id, factsOf(gate)), {
          before: factsOf(gate),
          after: null,
        }),
      );
    });
  }

  private view(row: ExternalGateEntity): ExternalGateView {
    const callbackUrl = callbackUrlOf(this.config, row.id);
    return answerOf(dto.externalGateOut, { ...row, callbackUrl });
  }
}

export function callbackUrlOf({ publicOrigin }: Config, gateId: string): string {
  return `${publicOrigin}/api/v1/approvals/external/${gateId}/callback`;
}

/** Somebody who manages policies of a few environments would change what others are asked by. */
function mustManageAll(ctx: Context): void {
  if (ctx.scopesOf(Permission.ApprovalPoliciesManage) === null) return;
  throw permissionMissing(Permission.ApprovalPoliciesManage);
}

async function find(open: OpenContext, id: string): Promise<ExternalGateEntity> {
  const row = await gateWith(open, id);
  if (row) return row;
  throw errors.externalGateNotFound();
}

function factsOf({ name, url, deadlineMinutes }: ExternalGateEntity): events.GateFacts {
  return { name, origin: new URL(url).origin, deadlineMinutes };
}
