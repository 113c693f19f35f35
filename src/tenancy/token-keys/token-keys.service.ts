import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { newestFirst, type Page, type PageRequest } from '../../platform/http/page.js';
import { AccessTokenKeys } from './access-token-keys.js';
import { newTokenKey } from './token-key.js';
import { LEAD_MS, signerOf, stateOf } from './token-key-version.js';
import { TokenKeyVersions } from './token-key-versions.js';
import type { tokenSigningKey } from './token-keys.dto.js';
import { tokenKeyRotationUnderWay, tokenKeysTooMany } from './token-keys.errors.js';
import {
  lockTokenKeys,
  pageOfTokenKeys,
  tokenKeysInUse,
  tokenKeysMadeSince,
  type TokenKeyRow,
} from './token-keys.store.js';

const DAY_MS = 24 * 3_600_000;

type TokenSigningKey = AnswerOf<typeof tokenSigningKey>;

/** The versions of the key of access tokens, for who runs the platform. */
@Injectable()
export class TokenKeysService {
  constructor(
    private readonly db: Database,
    private readonly keys: AccessTokenKeys,
    private readonly versions: TokenKeyVersions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(request: PageRequest): Promise<Page<TokenSigningKey>> {
    return this.db.system(async (tx) => {
      const shown = await this.shownBy(tx);
      return newestFirst('token-signing-keys', request, async (before, take) =>
        (await pageOfTokenKeys(tx, before, take)).map(shown),
      );
    });
  }

  /**
   * The next version. It is published at once and signs when everybody has seen it; or, with
   * `revokeOld`, at once, and nothing that another one has signed is good any more.
   * Throws `token-key-rotation-under-way`, `token-keys-too-many`.
   */
  async rotate(ctx: Context, revokeOld: boolean): Promise<TokenSigningKey> {
    const made = await this.db.system(async (tx) => {
      await lockTokenKeys(tx);
      const now = this.clock.now();
      const coming = (await tokenKeysInUse(tx, now)).find((each) => each.signsFrom.getTime() > now);
      if (coming && !revokeOld) throw tokenKeyRotationUnderWay(coming.signsFrom);
      const perDay = revokeOld ? limits.tokenKeyRevocationsPerDay : limits.tokenKeysPerDay;
      if ((await tokenKeysMadeSince(tx, now - DAY_MS)) >= perDay) throw tokenKeysTooMany(perDay);
      const row = await this.versions.add(tx, ctx, {
        key: newTokenKey(),
        origin: 'command',
        signsFrom: revokeOld ? now : now + LEAD_MS,
        isOnlyOne: revokeOld,
      });
      return (await this.shownBy(tx))(row);
    });
    this.keys.forget();
    return made;
  }

  private async shownBy(tx: SystemTransaction): Promise<(row: TokenKeyRow) => TokenSigningKey> {
    const now = this.clock.now();
    const signer = signerOf(await tokenKeysInUse(tx, now), now);
    return ({ id, kid, origin, createdAt, signsFrom, verifiesUntil, revokedAt }) => ({
      id,
      kid,
      origin,
      state: stateOf({ id, kid, signsFrom, verifiesUntil, revokedAt }, signer, now),
      createdAt,
      signsFrom,
      verifiesUntil,
      revokedAt,
    });
  }
}
