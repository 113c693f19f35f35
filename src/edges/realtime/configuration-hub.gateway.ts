import {
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Namespace } from 'socket.io';
import { isOfPlatform, isVisible } from '../../fleet/settings/levels-asked.js';
import { shown } from '../../fleet/settings/setting-views.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Logger } from '../../platform/logging/logger.js';
import { type AnyHotSetting, settingOf } from '../../platform/settings/hot-setting.js';
import type { SettingRow } from '../../platform/settings/setting-row.js';
import { Settings } from '../../platform/settings/settings.js';
import { CONFIGURATION_NAMESPACE, type ConfigurationChanged } from './configuration-messages.js';
import { HubAdmission } from './hub-admission.js';
import { hubOptions } from './hub-options.js';
import { unknownMessage } from './realtime.errors.js';
import { RealtimeMetrics } from './realtime.metrics.js';
import { SessionWatch } from './session-watch.js';
import { cutSocket, flooded } from './socket-cut.js';
import { acknowledgeOf, refusalOf } from './socket-error.js';
import type { HubSocket } from './socket-session.js';

/** Changes of settings, to those who may read them: out of the copy of this process, as it follows. */
@WebSocketGateway({ namespace: CONFIGURATION_NAMESPACE, ...hubOptions })
export class ConfigurationHub
  implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect, OnModuleDestroy
{
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly admission: HubAdmission,
    private readonly watch: SessionWatch,
    private readonly settings: Settings,
    private readonly metrics: RealtimeMetrics,
    private readonly logger: Logger,
  ) {}

  afterInit(hub: Namespace): void {
    const sockets = () => hub.sockets.values() as Iterable<HubSocket>;
    hub.use(
      (socket, next) =>
        void this.admission.admit(socket as HubSocket, next, Permission.SettingsRead),
    );
    this.watch.start(sockets);
    this.stopListening = this.settings.onChange((row) => this.tell(sockets(), row));
  }

  onModuleDestroy(): void {
    this.stopListening?.();
  }

  /** There are no messages to us. */
  handleConnection(socket: HubSocket): void {
    socket.use(([, ...args]) => {
      if (socket.data.budget.take() === 'flood') {
        this.metrics.cut('flood');
        return void cutSocket(socket, flooded);
      }
      acknowledgeOf(args)?.(refusalOf(unknownMessage([]), this.logger));
    });
  }

  handleDisconnect(socket: HubSocket): void {
    socket.conn.close();
  }

  private tell(sockets: Iterable<HubSocket>, row: SettingRow): void {
    const setting = settingOf(row.key);
    if (!setting) return;
    for (const socket of sockets) {
      const { context } = socket.data;
      if (!maySee(context, setting, row)) continue;
      this.admission.send(socket, {
        name: 'ConfigurationChanged',
        payload: told(context, setting, row),
      });
    }
  }
}

function maySee(ctx: Context, setting: AnyHotSetting, row: SettingRow): boolean {
  if (row.scope === 'platform') return isVisible(ctx, setting);
  return row.tenantId === ctx.tenantId;
}

function told(ctx: Context, setting: AnyHotSetting, row: SettingRow): ConfigurationChanged {
  const { key, scope, environment, version, isSet, value, changedBy, changedAt } = row;
  const isTheirs = scope !== 'platform' || isOfPlatform(ctx);
  return {
    key,
    scope,
    environment,
    version,
    isSet,
    value: isSet ? shown(setting, value) : null,
    changedBy: isTheirs ? changedBy : null,
    at: changedAt.toISOString(),
  };
}
