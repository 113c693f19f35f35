import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { changing } from '../../platform/events/changing.js';
import { ofPlatform } from '../../tenancy/tenants/of-platform.js';
import { PLATFORM_TENANT } from '../../tenancy/tenants/platform-tenant.js';
import { Wakening } from '../windows/wakening.js';
import { lockAllStarts, lockStarts } from '../windows/start-lock.js';
import type { KillSwitchView } from './kill-switch.dto.js';
import { killSwitchTurned, platformSwitchTurned } from './kill-switch.events.js';
import {
  platformSwitch,
  tenantSwitch,
  turnPlatform,
  turnTenant,
  type SwitchState,
  type Turn,
} from './kill-switch.store.js';

/**
 * In a tenant its own switch, in the reserved one that of the whole installation. When turning it on has been
 * answered, nothing that has not started starts, and no further wave begins.
 */
@Injectable()
export class KillSwitch {
  constructor(
    private readonly database: Database,
    private readonly wakening: Wakening,
  ) {}

  read(ctx: Context): Promise<KillSwitchView> {
    return this.database.transaction(ctx, async (open) => {
      const platform = await platformSwitch(open.tx);
      if (isOfPlatform(ctx)) return platformView(platform);
      return tenantView(await tenantSwitch(open), platform.isOn);
    });
  }

  turn(ctx: Context, turn: Turn): Promise<KillSwitchView> {
    return isOfPlatform(ctx) ? this.turnPlatform(ctx, turn) : this.turnTenant(ctx, turn);
  }

  private async turnTenant(ctx: Context, turn: Turn): Promise<KillSwitchView> {
    const view = await this.database.transaction(ctx, async (open) => {
      await lockStarts(open);
      const before = await tenantSwitch(open);
      const state = await turnTenant(open, turn);
      const event = killSwitchTurned(open.tenantId, { ...turn, wasOn: before.isOn });
      await open.record(changing(event, { before, after: state }));
      return tenantView(state, (await platformSwitch(open.tx)).isOn);
    });
    if (!turn.isOn) await this.wakening.ofTenant(ctx, ['kill-switch']);
    return view;
  }

  private async turnPlatform(ctx: Context, turn: Turn): Promise<KillSwitchView> {
    const { name } = ctx.actor;
    const state = await this.database.system(async (tx) => {
      await lockAllStarts(tx);
      const before = await platformSwitch(tx);
      const turned = await turnPlatform(tx, turn, name);
      const event = platformSwitchTurned(PLATFORM_TENANT.id, { ...turn, wasOn: before.isOn });
      await this.database.record(tx, ofPlatform(ctx), changing(event, { before, after: turned }));
      return turned;
    });
    if (!turn.isOn) await this.wakening.ofAll(['kill-switch']);
    return platformView(state);
  }
}

const isOfPlatform = ({ tenantId }: Context) => tenantId === PLATFORM_TENANT.id;

const tenantView = (state: SwitchState, isHeldByPlatform: boolean): KillSwitchView => ({
  level: 'tenant',
  ...state,
  isHeldByPlatform,
});

const platformView = (state: SwitchState): KillSwitchView => ({
  level: 'platform',
  ...state,
  isHeldByPlatform: state.isOn,
});
