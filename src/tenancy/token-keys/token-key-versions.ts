import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { Logger } from '../../platform/logging/logger.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { sealTokenKey, type TokenKey } from './token-key.js';
import { OVERLAP_MS } from './token-key-version.js';
import { tokenSigningKeyMade, tokenSigningKeyRevoked } from './token-keys.events.js';
import {
  insertTokenKey,
  retireOtherTokenKeys,
  revokeOtherTokenKeys,
  type TokenKeyOrigin,
  type TokenKeyRow,
} from './token-keys.store.js';

interface NewVersion {
  readonly key: TokenKey;
  readonly origin: TokenKeyOrigin;
  readonly signsFrom: number;
  /** Everything that another one has signed is refused from now on. */
  readonly isOnlyOne: boolean;
}

/** How a version begins and what becomes of those before it: by command, on schedule or from the file. */
@Injectable()
export class TokenKeyVersions {
  private readonly log: Logger;

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    @Inject(CLOCK) private readonly clock: Clock,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'token-keys' });
  }

  /** In the caller's transaction, under the lock of the table. */
  async add(tx: SystemTransaction, ctx: Context, version: NewVersion): Promise<TokenKeyRow> {
    const { key, origin, signsFrom, isOnlyOne } = version;
    const { kid } = key;
    const now = this.clock.now();
    const row = await insertTokenKey(tx, {
      kid,
      origin,
      sealedPrivateKey: sealTokenKey(this.sealer, key),
      createdAt: new Date(now),
      signsFrom: new Date(signsFrom),
    });
    const revoked = isOnlyOne ? await revokeOtherTokenKeys(tx, kid, now) : [];
    if (!isOnlyOne) await retireOtherTokenKeys(tx, kid, signsFrom + OVERLAP_MS);
    await this.record(ctx, row, revoked);
    this.log.info({ kid, origin, revoked: revoked.length }, 'a key of access tokens was made');
    return row;
  }

  /**
   * Last, and committed before the version is: the system's role writes no audit entries, and an entry
   * too many is better than a key that nobody has made.
   */
  private async record(ctx: Context, row: TokenKeyRow, revoked: readonly string[]): Promise<void> {
    const { kid, origin, signsFrom } = row;
    const ofPlatform = new Context({ ...ctx, tenantId: PLATFORM_TENANT.id });
    await this.db.transaction(ofPlatform, async (open) => {
      await open.record(tokenSigningKeyMade(kid, { origin, signsFrom: signsFrom.toISOString() }));
      for (const each of revoked)
        await open.record(tokenSigningKeyRevoked(each, { successor: kid }));
    });
  }
}
