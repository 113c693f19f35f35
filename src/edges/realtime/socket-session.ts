import type { Socket } from 'socket.io';
import type { RequestSource } from '../../platform/audit/request-source.js';
import type { Context } from '../../platform/context.js';
import type { FollowedToken } from '../../tenancy/auth/authenticator.js';
import type { MessageBudget } from './message-budget.js';
import type { Subscriber } from './subscriber.js';

/** What a socket carries in `data`, from the handshake on. */
export interface SocketData {
  /** The guard of every message reads it. */
  context: Context;
  readonly token: FollowedToken;
  readonly source: () => RequestSource;
  readonly subscriber: Subscriber;
  readonly budget: MessageBudget;
  /** When the token was found good for the last time, on the monotonic clock. */
  checkedAt: number;
  isBeingChecked: boolean;
}

export type HubSocket = Omit<Socket, 'data'> & { data: SocketData };
