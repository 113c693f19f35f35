import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import type { Page } from '../../platform/http/page.js';
import { CapacityChanged } from '../capacity-changed.js';
import { environmentExists, environmentLimit } from '../fleet.errors.js';
import { environmentByName } from '../fleet.queries.js';
import { EnvironmentDefaultsValidator } from './environment-defaults-validator.js';
import {
  ENVIRONMENT_COLUMNS,
  environmentKey,
  type Environment,
  type EnvironmentRules,
} from './environment.js';

@Injectable()
export class EnvironmentsService {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly validator: EnvironmentDefaultsValidator,
    private readonly capacity: CapacityChanged,
  ) {}

  /** All of them, oldest first: it is the order of the way to production, and there are few. */
  list(ctx: Context): Promise<Page<Environment>> {
    return this.database.transaction(ctx, async (open) => {
      const items = await open.tx.query<Environment>(
        `select ${ENVIRONMENT_COLUMNS} from environments environment
         where environment.tenant_id = $1 order by environment.created_at, environment.id`,
        [open.tenantId],
      );
      return { items, nextCursor: null };
    });
  }

  get(ctx: Context, name: string): Promise<Environment> {
    return this.database.transaction(ctx, (open) => environmentByName(open, name));
  }

  async create(
    ctx: Context,
    request: EnvironmentRules & { readonly name: string },
    key: string | undefined,
  ): Promise<Environment> {
    const rules = this.checked(request);
    const call = { key, route: 'POST /environments', body: request };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      await this.insert(open, request.name, rules);
      const environment = await environmentByName(open, request.name);
      await this.append(open, 'environment-created', environment);
      return { status: 201, body: environment };
    });
    return answer.body;
  }

  replace(
    ctx: Context,
    name: string,
    change: { readonly version: number; readonly rules: EnvironmentRules },
  ): Promise<Environment> {
    const rules = this.checked(change.rules);
    return this.database.transaction(ctx, async (open) => {
      const before = await environmentByName(open, name);
      const [environment] = await open.tx.query<Environment>(
        `update environments environment set defaults = $4, allowed_strategies = $5,
           signature_policy = $6, on_conflict = $7, max_in_flight = $8, version = version + 1
         where environment.tenant_id = $1 and environment.id = $2 and environment.version = $3
         returning ${ENVIRONMENT_COLUMNS}`,
        [open.tenantId, before.id, change.version, ...valuesOf(rules)],
      );
      if (!environment) throw versionMismatch((await environmentByName(open, name)).version);
      await this.append(open, 'environment-changed', environment);
      if (rules.maxInFlight !== before.maxInFlight) {
        await this.capacity.capacityChanged(open, environment.id);
      }
      return environment;
    });
  }

  private checked(rules: EnvironmentRules): EnvironmentRules {
    const { defaults, allowedStrategies, signaturePolicy, onConflict, maxInFlight } = rules;
    return {
      defaults: this.validator.check({ defaults, allowedStrategies }),
      allowedStrategies: [...new Set(allowedStrategies)],
      signaturePolicy,
      onConflict,
      maxInFlight,
    };
  }

  private async insert(open: OpenContext, name: string, rules: EnvironmentRules): Promise<void> {
    const [count] = await open.tx.query<{ all: number }>(
      'select count(*) as all from environments where tenant_id = $1',
      [open.tenantId],
    );
    if (count!.all >= limits.environmentsPerTenant) {
      throw environmentLimit();
    }
    const added = await open.tx.execute(
      `insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies,
         signature_policy, on_conflict, max_in_flight)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (tenant_id, name_key) do nothing`,
      [open.tenantId, newId(), name, environmentKey(name), ...valuesOf(rules)],
    );
    if (added === 1) return;
    throw environmentExists(name);
  }

  private append(open: OpenContext, action: string, environment: Environment): Promise<void> {
    const { id, name, version, allowedStrategies, signaturePolicy, onConflict, maxInFlight } =
      environment;
    // As text: parameters may hold fractions, which the audit's canonical form refuses.
    const defaults = JSON.stringify(environment.defaults);
    const body = {
      name,
      version,
      allowedStrategies,
      signaturePolicy,
      onConflict,
      maxInFlight,
      defaults,
    };
    return this.audit.append(open, {
      category: 'fleet',
      action,
      body,
      subject: { kind: 'environment', id },
    });
  }
}

function valuesOf(rules: EnvironmentRules): unknown[] {
  const { defaults, allowedStrategies, signaturePolicy, onConflict, maxInFlight } = rules;
  return [JSON.stringify(defaults), allowedStrategies, signaturePolicy, onConflict, maxInFlight];
}
