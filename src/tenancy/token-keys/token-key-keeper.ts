import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { ConfigError } from '../../platform/config/config-error.js';
import { Config } from '../../platform/config/config.js';
import { settings } from '../../platform/config/settings.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { Logger } from '../../platform/logging/logger.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { AccessTokenKeys } from './access-token-keys.js';
import { FileTokenKey } from './file-token-key.js';
import { newTokenKey, sealTokenKey } from './token-key.js';
import { LEAD_MS } from './token-key-version.js';
import { TokenKeyVersions } from './token-key-versions.js';
import { tokenKeySealed } from './token-keys.errors.js';
import {
  forgetPrivateHalves,
  lockTokenKeys,
  purgeTokenKeys,
  resealTokenKey,
  tokenKeyByKid,
  tokenKeysInUse,
} from './token-keys.store.js';

const DAY_MS = 24 * 3_600_000;
/** For whoever asks which key had signed what. */
const HISTORY_DAYS = 365;

/** What becomes of the versions without anybody asking: the file's at the start, the next one in time. */
@Injectable()
export class TokenKeyKeeper {
  private readonly log: Logger;

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly file: FileTokenKey,
    private readonly keys: AccessTokenKeys,
    private readonly versions: TokenKeyVersions,
    private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'token-keys' });
  }

  /**
   * At the start. A key that the file has for the first time becomes the next version. Throws ConfigError
   * when this process could sign nothing.
   */
  async admitFileKey(): Promise<void> {
    const { env } = settings.signingKeyFile;
    await this.db.system(async (tx) => {
      await lockTokenKeys(tx);
      const known = await tokenKeyByKid(tx, this.file.key.kid);
      if (known?.revokedAt) this.log.warn({ kid: known.kid }, `the key of ${env} is revoked`);
      if (known) return;
      const now = this.clock.now();
      await this.versions.add(tx, Context.system(PLATFORM_TENANT.id, 'token-keys'), {
        key: this.file.key,
        origin: 'file',
        // With nobody else to sign there is nothing to wait for.
        signsFrom: (await this.canSign()) ? now + LEAD_MS : now,
        isOnlyOne: false,
      });
    });
    this.keys.forget();
    if (await this.canSign()) return;
    throw new ConfigError([
      `The key that signs access tokens is sealed under a key that is not in ${settings.sealingKeyFile.env}: give this process the file of the others. If it is lost, put a new key into ${env}.`,
    ]);
  }

  private canSign(): Promise<boolean> {
    return this.keys.signing().then(
      () => true,
      (error: unknown) => {
        if (isSealed(error)) return false;
        throw error;
      },
    );
  }

  /** Every few minutes, in each process; one at a time does it. */
  async turn(): Promise<void> {
    await this.db.system(async (tx) => {
      await lockTokenKeys(tx);
      await this.rotateWhenDue(tx);
      await this.sealAnew(tx);
      await forgetPrivateHalves(tx, this.clock.now());
      await purgeTokenKeys(tx, this.clock.now() - HISTORY_DAYS * DAY_MS);
    });
    this.keys.forget();
  }

  private async rotateWhenDue(tx: SystemTransaction): Promise<void> {
    const { tokenKeyRotationDays: days } = this.config;
    const now = this.clock.now();
    // The newest, which may not sign yet: then it is not due either.
    const [newest] = await tokenKeysInUse(tx, now);
    if (days === 0 || !newest || now - newest.createdAt.getTime() < days * DAY_MS) return;
    await this.versions.add(tx, Context.system(PLATFORM_TENANT.id, 'token-keys'), {
      key: newTokenKey(),
      origin: 'schedule',
      signsFrom: now + LEAD_MS,
      isOnlyOne: false,
    });
  }

  /** After a rotation of the sealing key, so that its old line may go. */
  private async sealAnew(tx: SystemTransaction): Promise<void> {
    for (const row of await tokenKeysInUse(tx, this.clock.now())) {
      const { kid, sealedPrivateKey } = row;
      if (sealedPrivateKey === null || this.sealer.isCurrent(sealedPrivateKey)) continue;
      const key = this.keys.opened(row);
      if (key) await resealTokenKey(tx, kid, sealTokenKey(this.sealer, key));
    }
  }
}

function isSealed(error: unknown): boolean {
  return error instanceof DomainError && error.code === tokenKeySealed.code;
}
