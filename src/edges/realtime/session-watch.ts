import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { withRequestSource } from '../../platform/audit/request-source.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context } from '../../platform/context.js';
import { Logger } from '../../platform/logging/logger.js';
import { RealtimeMetrics } from './realtime.metrics.js';
import type { SocketCut } from './hub-messages.js';
import { cutSocket } from './socket-cut.js';
import type { HubSocket } from './socket-session.js';

/** An answer about a person may be four seconds old; with this it is less than five. */
const SWEEP_MS = 500;
/** Without an answer for so long nobody knows, so nobody stays. */
const UNKNOWN_MS = 5_000;

/** Asks for every open socket whether its bearer still is who they were, and cuts it otherwise. */
@Injectable()
export class SessionWatch implements OnModuleDestroy {
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly logger: Logger,
    private readonly metrics: RealtimeMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** For each hub once. */
  start(sockets: () => Iterable<HubSocket>): void {
    const sweep = () => {
      for (const socket of sockets()) void this.check(socket);
    };
    this.timers.push(setInterval(sweep, SWEEP_MS));
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private async check(socket: HubSocket): Promise<void> {
    const { data } = socket;
    if (this.clock.monotonic() - data.checkedAt > UNKNOWN_MS) return this.cut(socket, 'unchecked');
    if (data.isBeingChecked) return;
    data.isBeingChecked = true;
    const askedAt = this.clock.monotonic();
    try {
      const now = await withRequestSource(data.source, () => data.token.again());
      if (!isSame(now, data.context)) return this.cut(socket, 'other permissions');
      data.checkedAt = askedAt;
    } catch (error) {
      if (isRefusal(error)) return this.cut(socket, error.code);
      this.logger.warn({ error: messageOf(error) }, 'a socket could not be checked again');
    } finally {
      data.isBeingChecked = false;
    }
  }

  /** The client comes back by itself, if its token still opens the door. */
  private cut(socket: HubSocket, why: string): void {
    const { actor, tenantId } = socket.data.context;
    this.logger.info({ actor: actor.name, tenantId, why }, 'a socket was cut');
    this.metrics.cut('session');
    cutSocket(
      socket,
      WORDS[why] ?? { code: why, message: 'The session has ended. Sign in again.' },
    );
  }
}

const WORDS: Readonly<Record<string, SocketCut>> = {
  unchecked: {
    code: 'session-unchecked',
    message: 'Whether the session still counts could not be found out. Connect again.',
  },
  'other permissions': {
    code: 'permissions-changed',
    message: 'You may do other things than before. Connect again.',
  },
};

function isRefusal(error: unknown): error is DomainError {
  return (
    error instanceof DomainError && (error.kind === 'unauthenticated' || error.kind === 'forbidden')
  );
}

function isSame({ grants }: Context, before: Context): boolean {
  return grants.isWithin(before.grants) && before.grants.isWithin(grants);
}
