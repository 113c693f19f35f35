import { Injectable } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { Config } from '../../platform/config/config.js';
import {
  checkSocketPage,
  type CookieHeaders,
  sessionCookieOf,
} from '../../platform/http/session-cookie.js';
import { Authenticator, type FollowedToken } from '../auth/authenticator.js';
import { Entrance } from '../security/entrance.js';
import { MachineBearers } from './bearers.js';
import { RefusedTokens } from './refused-tokens.js';

/** What a handshake shows: a token, or else the cookie that came along. */
export interface Handshake {
  readonly token: string;
  readonly headers: CookieHeaders;
  readonly address: string;
}

/** Who opens a socket, people and machines alike, asked for again and again while it is open. */
@Injectable()
export class SocketCallers {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly bearers: MachineBearers,
    private readonly entrance: Entrance,
    private readonly refused: RefusedTokens,
    private readonly config: Config,
  ) {}

  /** Throws `unauthenticated`, and whatever else the kind of token refuses with. */
  async follow({ token, headers, address }: Handshake): Promise<FollowedToken> {
    const cookie = token === '' ? sessionCookieOf(headers, this.config) : undefined;
    try {
      if (cookie === undefined) return await this.followed(token, address);
      checkSocketPage(headers, this.config);
      return await this.authenticator.followCookie(cookie, address);
    } catch (error) {
      const isRefused = error instanceof DomainError && error.kind === 'unauthenticated';
      if (isRefused && (token !== '' || cookie !== undefined)) this.refused.note(address);
      throw error;
    }
  }

  private async followed(token: string, address: string): Promise<FollowedToken> {
    const machine = this.bearers.of(token);
    if (!machine) return this.authenticator.followToken(token, address);
    const again = async () => {
      const { ctx } = await machine.authenticate(token, { requestId: newId(), address });
      await this.entrance.checkNetwork(ctx.tenantId, address);
      return ctx;
    };
    return { context: await again(), again };
  }
}
