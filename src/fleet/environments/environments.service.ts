import { Injectable } from '@nestjs/common';
import { environmentKey } from '../../kernel/environment-key.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { answerOf } from '../../platform/http/answer.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import type { Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { capacityChanged } from '../capacity.events.js';
import { environmentExists, environmentLimit } from '../fleet.errors.js';
import { environmentByName } from '../fleet.queries.js';
import { EnvironmentDefaultsValidator } from './environment-defaults-validator.js';
import { EnvironmentEntity } from './environment.entity.js';
import type { Environment, EnvironmentRules } from './environment.js';
import {
  environmentOut,
  type CreateEnvironmentBody,
  type ReplaceEnvironmentBody,
} from './environments.dto.js';
import { environmentChanged, environmentCreated, factsOf } from './environments.events.js';

@Injectable()
export class EnvironmentsService {
  constructor(
    private readonly database: Database,
    private readonly validator: EnvironmentDefaultsValidator,
  ) {}

  /** All of them, oldest first: it is the order of the way to production, and there are few. */
  list(ctx: Context): Promise<Page<Environment>> {
    return this.database.transaction(ctx, async (open) => {
      const rows = await open.tx.repository(EnvironmentEntity).find({
        where: { tenantId: open.tenantId },
        order: { createdAt: 'asc', id: 'asc' },
      });
      return { items: rows.map((row) => answerOf(environmentOut, row)), nextCursor: null };
    });
  }

  get(ctx: Context, name: string): Promise<Environment> {
    return this.database.transaction(ctx, (open) => environmentByName(open, name));
  }

  /** Throws `environment-limit`, `environment-exists`, and what the validator throws. */
  async create(
    ctx: Context,
    request: CreateEnvironmentBody,
    key: string | undefined,
  ): Promise<Environment> {
    const { name, ...given } = request;
    ctx.require(Permission.EnvironmentsManage, { environment: name });
    const rules = this.checked(given);
    const call = { key, route: 'POST /environments', body: request };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const environment = await insert(open, name, rules);
      const event = environmentCreated(environment.id, factsOf(environment));
      await open.record(changing(event, { before: null, after: rulesOf(environment) }));
      // Once more: whoever has heard of it may have said something of it.
      return { status: 201, body: await environmentByName(open, name) };
    });
    return answer.body;
  }

  /** Throws `environment-not-found`, `version-mismatch`, and what the validator throws. */
  async replace(
    ctx: Context,
    name: string,
    change: { readonly version: number; readonly rules: ReplaceEnvironmentBody },
  ): Promise<Environment> {
    ctx.require(Permission.EnvironmentsManage, { environment: name });
    const rules = this.checked(change.rules);
    return this.database.transaction(ctx, async (open) => {
      const before = await environmentByName(open, name);
      const seen = { tenantId: open.tenantId, id: before.id, version: change.version };
      const row = await updateOne(open.tx.repository(EnvironmentEntity), seen, rules);
      if (!row) throw versionMismatch((await environmentByName(open, name)).version);
      const environment = answerOf(environmentOut, row);
      const event = environmentChanged(environment.id, factsOf(environment));
      const differing = { before: rulesOf(before), after: rulesOf(environment) };
      await open.record(changing(event, differing));
      if (environment.maxInFlight !== before.maxInFlight) {
        await open.record(capacityChanged(environment.id, {}));
      }
      return environment;
    });
  }

  private checked(rules: EnvironmentRules): EnvironmentRules {
    const allowedStrategies = [...new Set(rules.allowedStrategies)];
    return { ...rules, defaults: this.validator.check(rules), allowedStrategies };
  }
}

/** Whether policies count there is nobody’s change of it. */
function rulesOf({ hasApprovalPolicies: _, ...rules }: Environment) {
  return rules;
}

/** Throws `environment-limit`, `environment-exists`. */
async function insert(
  open: OpenContext,
  name: string,
  rules: EnvironmentRules,
): Promise<Environment> {
  const { tenantId } = open;
  const environments = open.tx.repository(EnvironmentEntity);
  const count = await environments.countBy({ tenantId });
  if (count >= limits.environmentsPerTenant) throw environmentLimit();
  const row = { ...rules, tenantId, id: newId(), name, nameKey: environmentKey(name) };
  const [added] = await insertNew(environments, row);
  if (added) return answerOf(environmentOut, added);
  throw environmentExists(name);
}
