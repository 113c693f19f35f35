import { Injectable } from '@nestjs/common';
import { changeLimits } from '../../../kernel/change-limits.js';
import { Permission } from '../../../kernel/permission.js';
import { environmentByName } from '../../../fleet/fleet.queries.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { updateOne } from '../../../platform/database/entity-rows.js';
import { permissionMissing, versionMismatch } from '../../../platform/http/http.errors.js';
import { idempotent } from '../../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { changing } from '../../../platform/events/changing.js';
import { lockAdminsOf } from '../../../tenancy/permissions/role-bindings.store.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import {
  approvalPolicyExists,
  approvalPolicyLimit,
  approvalPolicyNotFound,
} from './approval-policies.errors.js';
import { approvalPolicyChanged } from './approval-policies.events.js';
import type { ApprovalPoliciesQuery, ApprovalPolicyBody } from './approval-policies.dto.js';
import { insertPolicy, noteWherePoliciesCount } from './approval-policies.store.js';
import { approvalPolicyView, approvalPolicyViews, isInSight } from './approval-policies.views.js';
import { ApprovalPolicyEntity } from './approval-policy.entity.js';
import type { ApprovalPolicyView } from './approval-policy.js';
import { factsOf } from './policy-facts.js';
import { PolicyCheck, type PolicyValues } from './policy-check.js';

/** Who must agree where, before a deployment starts. */
@Injectable()
export class ApprovalPoliciesService {
  constructor(
    private readonly database: Database,
    private readonly check: PolicyCheck,
  ) {}

  /** Throws `environment-not-found`, `cursor-invalid`. */
  list(ctx: Context, query: ApprovalPoliciesQuery): Promise<Page<ApprovalPolicyView>> {
    return this.database.transaction(ctx, async (open) => {
      const { environment } = query;
      if (environment !== undefined) await environmentByName(open, environment);
      return newestFirst('approval-policies', query, (before, take) =>
        approvalPolicyViews(open, environment, { before, take }),
      );
    });
  }

  /** Throws `approval-policy-not-found`. */
  get(ctx: Context, id: string): Promise<ApprovalPolicyView> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /** Throws `permission-missing`, `approval-policy-limit`, `approval-policy-exists`, and what PolicyCheck throws. */
  async create(
    ctx: Context,
    body: ApprovalPolicyBody,
    key: string | undefined,
  ): Promise<ApprovalPolicyView> {
    mustManage(ctx, body.environment);
    const call = { key, route: 'POST /approval-policies', body };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      await lockAdminsOf(open);
      const policy = await find(open, await insert(open, await this.check.valuesOf(open, body)));
      await this.changed(open, 'created', [null, policy]);
      return { status: 201, body: policy };
    });
    return answer.body;
  }

  /**
   * Throws `approval-policy-not-found`, `permission-missing`, `version-mismatch`, `approval-policy-exists`, and
   * what PolicyCheck throws.
   */
  replace(
    ctx: Context,
    id: string,
    { version, body }: { readonly version: number; readonly body: ApprovalPolicyBody },
  ): Promise<ApprovalPolicyView> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const before = await find(open, id);
      mustManage(open, before.environment);
      mustManage(open, body.environment);
      if (before.version !== version) throw versionMismatch(before.version);
      const { tenantId } = open;
      const values = await this.check.valuesOf(open, body);
      const policies = open.tx.repository(ApprovalPolicyEntity);
      const namesake = await policies.findOneBy({ tenantId, nameKey: accountKey(body.name) });
      if (namesake && namesake.id !== id) throw approvalPolicyExists(body.name);
      const row = await updateOne(policies, { tenantId, id, version }, values);
      if (!row) throw versionMismatch((await find(open, id)).version);
      const after = await find(open, id);
      await this.changed(open, 'changed', [before, after]);
      return after;
    });
  }

  /** Throws `approval-policy-not-found`, `permission-missing`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const before = await find(open, id);
      mustManage(open, before.environment);
      await open.tx.repository(ApprovalPolicyEntity).delete({ tenantId: open.tenantId, id });
      await this.changed(open, 'deleted', [before, null]);
    });
  }

  private async changed(
    open: OpenContext,
    change: 'created' | 'changed' | 'deleted',
    [before, after]: readonly [ApprovalPolicyView | null, ApprovalPolicyView | null],
  ): Promise<void> {
    await noteWherePoliciesCount(open);
    const there = [before, after].flatMap((policy) => (policy ? [policy.environment] : []));
    const { id } = (after ?? before)!;
    const facts = { before: before && factsOf(before), after: after && factsOf(after) };
    const environments = [...new Set(there)];
    const event = approvalPolicyChanged(id, { change, ...facts, environments });
    await open.record(changing(event, facts));
  }
}

/** Whoever manages some environments only says nothing about all. Throws `permission-missing`. */
function mustManage(ctx: Context, environment: string | null): void {
  const permission = Permission.ApprovalPoliciesManage;
  if (environment !== null) return ctx.require(permission, { environment });
  if (ctx.scopesOf(permission) !== null) throw permissionMissing(permission, {});
}

async function find(open: OpenContext, id: string): Promise<ApprovalPolicyView> {
  const policy = await approvalPolicyView(open, id);
  if (policy && isInSight(open, policy)) return policy;
  throw approvalPolicyNotFound();
}

/** Answers its id. Throws `approval-policy-limit`, `approval-policy-exists`. */
async function insert(open: OpenContext, values: PolicyValues): Promise<string> {
  const { tenantId } = open;
  const policies = open.tx.repository(ApprovalPolicyEntity);
  const count = await policies.countBy({ tenantId });
  if (count >= changeLimits.approvalPoliciesPerTenant) throw approvalPolicyLimit();
  const id = await insertPolicy(open, values);
  if (id !== undefined) return id;
  throw approvalPolicyExists(values.name);
}
