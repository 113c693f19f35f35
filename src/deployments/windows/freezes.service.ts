import { Injectable } from '@nestjs/common';
import { environmentKey } from '../../kernel/environment-key.js';
import { newId } from '../../kernel/ids.js';
import { changeLimits } from '../../kernel/change-limits.js';
import { Permission } from '../../kernel/permission.js';
import { environmentByName } from '../../fleet/fleet.queries.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { permissionMissing, versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { changing } from '../../platform/events/changing.js';
import { moduleByName } from '../../releases/releases.queries.js';
import { presentTime } from '../schedule/schedule.queries.js';
import { timesOf } from './asked-window.js';
import { FreezeEntity } from './freeze.entity.js';
import { freezeView } from './freeze-view.js';
import { isVisible } from './freeze-visible.js';
import { freezeExists, freezeLimit, freezeNotFound } from './freezes.errors.js';
import { bodyOf, freezeChanged, freezeCreated, freezeRemoved } from './freezes.events.js';
import type { FreezeRules, FreezeView } from './freezes.dto.js';
import { lockStarts } from './start-lock.js';
import { Wakening } from './wakening.js';

/**
 * Freezes are made, changed and ended under the lock of starts: what is answered counts for every start that
 * has not been committed by then. Who waits for one that has gone is woken.
 */
@Injectable()
export class FreezesService {
  constructor(
    private readonly database: Database,
    private readonly wakening: Wakening,
  ) {}

  /**
   * Throws `permission-missing`, `freeze-times-unsuitable`, `freeze-limit`, `freeze-exists`,
   * `environment-not-found`, `module-not-found`.
   */
  async create(ctx: Context, rules: FreezeRules, key: string | undefined): Promise<FreezeView> {
    mustManage(ctx, rules.environments);
    const call = { key, route: 'POST /freezes', body: rules };
    const answer = await idempotent(this.database, ctx, call, async (open) => ({
      status: 201,
      body: await this.insert(open, rules),
    }));
    return answer.body;
  }

  /** Throws as `create`, and `freeze-not-found`, `version-mismatch`. */
  async replace(
    ctx: Context,
    id: string,
    { version, rules }: { readonly version: number; readonly rules: FreezeRules },
  ): Promise<FreezeView> {
    mustManage(ctx, rules.environments);
    const view = await this.database.transaction(ctx, async (open) => {
      const before = await manageable(open, id);
      const now = await presentTime(open);
      const fields = await fieldsOf(open, rules, now);
      const freezes = open.tx.repository(FreezeEntity);
      const { tenantId } = open;
      const other = await freezes.findOneBy({ tenantId, name: rules.name });
      if (other && other.id !== id) throw freezeExists(rules.name);
      await lockStarts(open);
      const changes = { ...fields, changedAt: new Date(now) };
      const after = await updateOne(freezes, { tenantId, id, version }, changes);
      if (!after) throw versionMismatch(before.version);
      await open.record(
        changing(freezeChanged(id, bodyOf(after)), {
          before: freezeView(before, now),
          after: freezeView(after, now),
        }),
      );
      return freezeView(after, now);
    });
    await this.wakening.ofTenant(ctx, ['freeze']);
    return view;
  }

  /** Throws `freeze-not-found`, `permission-missing`. */
  async remove(ctx: Context, id: string): Promise<void> {
    await this.database.transaction(ctx, async (open) => {
      const freeze = await manageable(open, id);
      await lockStarts(open);
      await open.tx.repository(FreezeEntity).delete({ tenantId: open.tenantId, id });
      const now = await presentTime(open);
      const event = freezeRemoved(id, bodyOf(freeze));
      await open.record(changing(event, { before: freezeView(freeze, now), after: null }));
    });
    await this.wakening.ofTenant(ctx, ['freeze']);
  }

  private async insert(open: OpenContext, rules: FreezeRules): Promise<FreezeView> {
    const { tenantId, actor } = open;
    const now = await presentTime(open);
    const fields = await fieldsOf(open, rules, now);
    const freezes = open.tx.repository(FreezeEntity);
    await lockStarts(open);
    if ((await freezes.countBy({ tenantId })) >= changeLimits.freezesPerTenant) throw freezeLimit();
    const row = { ...fields, tenantId, id: newId(), createdBy: actor.name };
    const [added] = await insertNew(freezes, row);
    if (!added) throw freezeExists(rules.name);
    const view = freezeView(added, now);
    await open.record(
      changing(freezeCreated(added.id, bodyOf(added)), { before: null, after: view }),
    );
    return view;
  }
}

/** Whoever manages some environments only does not freeze the others. Throws `permission-missing`. */
function mustManage(ctx: Context, environments: readonly string[]): void {
  const isEverywhere = ctx.scopesOf(Permission.FreezesManage) === null;
  if (environments.length === 0 && !isEverywhere) {
    throw permissionMissing(Permission.FreezesManage, {});
  }
  for (const environment of environments) ctx.require(Permission.FreezesManage, { environment });
}

async function manageable(open: OpenContext, id: string): Promise<FreezeEntity> {
  const { tenantId } = open;
  const freeze = await open.tx.repository(FreezeEntity).findOneBy({ tenantId, id });
  if (!freeze || !isVisible(open, freeze)) throw freezeNotFound();
  mustManage(open, freeze.environments);
  return freeze;
}

/** What is asked for, with names as they are written there. */
async function fieldsOf(open: OpenContext, rules: FreezeRules, now: number) {
  const { name, reason, labels, window } = rules;
  const times = timesOf(window, now);
  const environments = new Set<string>();
  for (const each of rules.environments) {
    environments.add((await environmentByName(open, each)).name);
  }
  for (const module of rules.modules) await moduleByName(open, module);
  return {
    name,
    reason,
    labels,
    ...times,
    environments: [...environments],
    environmentKeys: [...environments].map(environmentKey),
    modules: [...new Set(rules.modules)],
    verbs: [...new Set(rules.verbs)],
  };
}
