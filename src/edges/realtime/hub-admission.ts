import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { type HasAddress, networksOf } from '../../kernel/networks.js';
import type { Permission } from '../../kernel/permission.js';
import { type RequestSource, withRequestSource } from '../../platform/audit/request-source.js';
import { CLOCK } from '../../platform/clock.js';
import { Config } from '../../platform/config/config.js';
import type { Context } from '../../platform/context.js';
import { handshakeAddressOf, hostOf } from '../../platform/http/client-address.js';
import { Logger } from '../../platform/logging/logger.js';
import { Settings } from '../../platform/settings/settings.js';
import { SocketCallers } from '../../tenancy/permissions/socket-callers.js';
import { framed } from './frame.js';
import { MessageBudget } from './message-budget.js';
import { RealtimeMetrics } from './realtime.metrics.js';
import { socketsPerAddress, socketsPerTenant, socketsPerUser } from './realtime.settings.js';
import { refusalOf } from './socket-error.js';
import type { HubSocket } from './socket-session.js';
import { tooManySockets } from './realtime.errors.js';
import { Outlet } from './outlet.js';
import { cutSocket } from './socket-cut.js';
import { type OutletCut, Subscriber } from './subscriber.js';

interface HubMessage {
  readonly name: string;
  readonly payload: object;
}

/** A client that was refused leaves by itself; one that stays to try other tokens is cut. */
const REFUSED_STAYS_MS = 1_000;

/** Who may open a socket: the token in the handshake's `auth`, and room for one more. */
@Injectable()
export class HubAdmission {
  private readonly open = new Map<string, number>();

  private readonly isTrusted: HasAddress;

  constructor(
    private readonly callers: SocketCallers,
    private readonly logger: Logger,
    private readonly metrics: RealtimeMetrics,
    private readonly settings: Settings,
    config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.isTrusted = networksOf(config.trustedProxies);
  }

  /**
   * A middleware of the namespace. What it refuses comes to the client as `connect_error`. `permission`:
   * what nobody may be there without; else each message says it.
   */
  async admit(
    socket: HubSocket,
    next: (error?: Error) => void,
    permission?: Permission,
  ): Promise<void> {
    try {
      const address = this.addressOf(socket);
      const source = () => sourceOf(socket, address);
      const token = await withRequestSource(source, () =>
        this.callers.follow({
          token: tokenOf(socket),
          headers: socket.handshake.headers,
          address,
        }),
      );
      const { context } = token;
      if (permission) context.require(permission);
      this.takePlace(socket, context, address);
      socket.data = {
        context,
        token,
        source,
        budget: new MessageBudget(this.clock),
        subscriber: new Subscriber(context, new Outlet(socket, (why) => this.cut(socket, why))),
        checkedAt: this.clock.monotonic(),
        isBeingChecked: false,
      };
      next();
    } catch (error) {
      const { error: refusal } = refusalOf(error, this.logger);
      next(Object.assign(new Error(refusal.message), { data: refusal }));
      setTimeout(() => socket.conn.close(), REFUSED_STAYS_MS).unref();
    }
  }

  private addressOf({ handshake }: HubSocket): string {
    const forwarded = handshake.headers['x-forwarded-for'];
    const forwardedFor = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
    return handshakeAddressOf({ address: handshake.address, forwardedFor }, this.isTrusted);
  }

  /** Given back when the connection closes, however that comes about. */
  private takePlace(socket: HubSocket, { tenantId, actor }: Context, address: string): void {
    const places: [string, number][] = [
      ['process', limits.socketsPerProcess],
      [`tenant ${tenantId}`, this.settings.valueOf(socketsPerTenant, { tenantId })],
      [`address ${hostOf(address)}`, this.settings.valueOf(socketsPerAddress)],
      [`user ${tenantId} ${actor.id}`, this.settings.valueOf(socketsPerUser, { tenantId })],
    ];
    for (const [key, limit] of places) {
      if ((this.open.get(key) ?? 0) >= limit) throw tooManySockets(limit);
    }
    for (const [key] of places) this.open.set(key, (this.open.get(key) ?? 0) + 1);
    this.metrics.opened();
    socket.conn.once('close', () => {
      this.metrics.closed();
      for (const [key] of places) {
        const left = (this.open.get(key) ?? 1) - 1;
        if (left > 0) this.open.set(key, left);
        else this.open.delete(key);
      }
    });
  }

  /** For what is rare, and for one socket; a feed writes to the subscriber's outlet. */
  send(socket: HubSocket, { name, payload }: HubMessage): void {
    const text = JSON.stringify([name, payload]);
    socket.data.subscriber.outlet.write(framed(`42${socket.nsp.name},${text}`));
  }

  private cut(socket: HubSocket, why: OutletCut): void {
    const { tenantId } = socket.data.context;
    this.logger.warn({ tenantId, why }, 'a socket was cut');
    this.metrics.cut(why);
    cutSocket(socket, CUTS[why]);
  }
}

const CUTS = {
  slow: {
    code: 'reads-too-slowly',
    message: `More than ${limits.socketBacklogBytes / 1024} KiB were waiting to be read. Connect again, and say what you have seen.`,
  },
  behind: {
    code: 'feed-behind',
    message: 'More has happened than could be followed. Connect again, and say what you have seen.',
  },
} as const;

const USER_AGENT_CHARACTERS = 500;

/** For entries about what is done over the socket, or refused. */
function sourceOf({ handshake }: HubSocket, address: string): RequestSource {
  const userAgent = handshake.headers['user-agent']?.slice(0, USER_AGENT_CHARACTERS).toWellFormed();
  return { address, userAgent: userAgent ?? null, traceId: null };
}

function tokenOf({ handshake }: HubSocket): string {
  const { token } = handshake.auth as { token?: unknown };
  return typeof token === 'string' ? token : '';
}
