import { Injectable } from '@nestjs/common';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew } from '../../platform/database/entity-rows.js';
import { stateNotSuitable } from '../deployment.errors.js';
import { mustBeAllowed } from '../deployment-scopes.js';
import { activeStatuses } from '../deployment.states.js';
import { lockForVerb, pokeDeployment, type VerbHead } from '../deployments.store.js';
import { specOf } from '../runs/spec-of.js';
import { freezesInTheWay } from './freezes.queries.js';
import { frozenAt } from './freeze-times.js';
import { FreezeOverrideEntity } from './freeze-override.entity.js';
import type { OverrideView } from './freezes.dto.js';
import { freezeOverridden } from './freezes.events.js';

/** Lets one deployment pass, and the way back from it, whatever is frozen. Nothing else is let pass by it. */
@Injectable()
export class FreezeOverrides {
  constructor(private readonly database: Database) {}

  /** Twice is once: the first reason stays. Throws `deployment-not-found`, `state-not-suitable`. */
  override(ctx: Context, deploymentId: string, reason: string): Promise<OverrideView> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, deploymentId, Permission.FreezesOverride);
      const head = await lockForVerb(open, deploymentId);
      const existing = await overrideOf(open, deploymentId);
      if (existing) return existing;
      if (!mayStillBeHeld(head)) {
        const possibleIn = [...activeStatuses, ...RETURNABLE];
        throw stateNotSuitable('override-freeze', head.status, { when: 'while', possibleIn });
      }
      const row = {
        tenantId: open.tenantId,
        deploymentId,
        reason,
        actor: open.actor.name,
        personId: open.actor.personId,
      };
      await insertNew(open.tx.repository(FreezeOverrideEntity), row);
      await this.record(open, deploymentId, reason, head);
      await pokeDeployment(open, deploymentId);
      return (await overrideOf(open, deploymentId))!;
    });
  }

  private async record(
    open: OpenContext,
    id: string,
    reason: string,
    { status, now }: VerbHead,
  ): Promise<void> {
    const { environment, module } = await specOf(open, id);
    const verb = status === 'Running' ? 'promote' : 'start';
    const about = { environment, module: module.name, verb, now, deploymentId: null } as const;
    const found = await freezesInTheWay(open, about);
    const freezes = found.filter((freeze) => frozenAt(freeze, now)).map(({ name }) => name);
    const body = { module: module.name, environment: environment.name, reason, freezes };
    await open.record(freezeOverridden(id, body));
  }
}

/** What is over may still be gone back from, which a freeze may name. */
const RETURNABLE = ['Succeeded'] as const;

const mayStillBeHeld = ({ status }: VerbHead) =>
  activeStatuses.includes(status) || status === 'Succeeded';

async function overrideOf(open: OpenContext, id: string): Promise<OverrideView | null> {
  const { tenantId } = open;
  const found = await open.tx
    .repository(FreezeOverrideEntity)
    .findOneBy({ tenantId, deploymentId: id });
  if (!found) return null;
  const { deploymentId, reason, actor: by, at } = found;
  return { deploymentId, reason, by, at };
}
