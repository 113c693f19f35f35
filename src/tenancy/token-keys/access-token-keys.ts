import { Inject, Injectable } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { FileTokenKey } from './file-token-key.js';
import { publishedKey, unsealTokenKey, type PublishedKey, type TokenKey } from './token-key.js';
import { doesVerify, signerOf, type TokenKeyVersion } from './token-key-version.js';
import { tokenKeySealed } from './token-keys.errors.js';
import { tokenKeysInUse, type SealedTokenKeyRow } from './token-keys.store.js';
import { TokenSigner, type SigningKey } from './token-signer.js';

/** What is revoked must be refused within 5 s; the rest is for the question and a slow event loop. */
const KEPT_MS = 4_000;
/** Anybody can make up a `kid`: however many come, they cost one question in this time. */
const UNKNOWN_MS = 3_000;

interface Kept extends TokenKeyVersion {
  /** Null: this process has no key that opens it. */
  readonly key: TokenKey | null;
}

/**
 * The keys of access tokens, as the database had them at most four seconds ago: a map in memory, asked
 * for anew by whoever comes after that. A `kid` is only ever looked up in it, never fetched or opened as a
 * path. A process that cannot ask verifies and signs nothing.
 */
@Injectable()
export class AccessTokenKeys extends TokenSigner {
  private kept:
    { readonly askedAt: number; readonly answer: Promise<Map<string, Kept>> } | undefined;
  private unknownAskedAt = Number.NEGATIVE_INFINITY;
  private readonly told = new Set<string>();
  private readonly log: Logger;

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly file: FileTokenKey,
    @Inject(CLOCK) private readonly clock: Clock,
    logger: Logger,
  ) {
    super();
    this.log = logger.child({ part: 'token-keys' });
  }

  /** Throws `token-key-sealed`, `database-unavailable`. */
  async signing(): Promise<SigningKey> {
    const signer = signerOf([...(await this.known()).values()], this.clock.now());
    if (!signer?.key) throw tokenKeySealed();
    return signer.key;
  }

  /** Undefined refuses the token. Throws `database-unavailable`. */
  async verifyingKey(kid: string): Promise<KeyObject | undefined> {
    const found = (await this.known()).get(kid) ?? (await this.askedFor(kid));
    return found && doesVerify(found, this.clock.now()) ? found.key?.publicKey : undefined;
  }

  /** What /.well-known/jwks.json shows: the one that signs, those that will and those that did. */
  async published(): Promise<PublishedKey[]> {
    const now = this.clock.now();
    return [...(await this.known()).values()]
      .filter((each) => doesVerify(each, now))
      .flatMap(({ key }) => (key ? publishedKey(key) : []));
  }

  /** The next question goes to the database. */
  forget(): void {
    this.kept = undefined;
  }

  private known(): Promise<Map<string, Kept>> {
    const { kept } = this;
    const isFresh = kept !== undefined && this.clock.monotonic() - kept.askedAt < KEPT_MS;
    return isFresh ? kept.answer : this.ask();
  }

  /** A version may have been made a moment ago, in another process. */
  private async askedFor(kid: string): Promise<Kept | undefined> {
    const now = this.clock.monotonic();
    if (now - this.unknownAskedAt < UNKNOWN_MS) return undefined;
    this.unknownAskedAt = now;
    return (await this.ask()).get(kid);
  }

  private ask(): Promise<Map<string, Kept>> {
    const asked = { askedAt: this.clock.monotonic(), answer: this.load() };
    this.kept = asked;
    asked.answer.catch(() => {
      // A question that failed is not an answer; the next one asks again.
      if (this.kept === asked) this.kept = undefined;
    });
    return asked.answer;
  }

  private async load(): Promise<Map<string, Kept>> {
    const rows = await this.db.system((tx) => tokenKeysInUse(tx, this.clock.now()));
    return new Map(rows.map((row) => [row.kid, { ...row, key: this.opened(row) }]));
  }

  /** Null, and told once: this process has no key that opens it. */
  opened({ kid, sealedPrivateKey }: SealedTokenKeyRow): TokenKey | null {
    if (kid === this.file.key.kid) return this.file.key;
    if (sealedPrivateKey === null) return null;
    try {
      return unsealTokenKey(this.sealer, kid, sealedPrivateKey);
    } catch (error) {
      if (!this.told.has(kid)) {
        this.told.add(kid);
        this.log.error({ kid, error: messageOf(error) }, 'a key of access tokens does not open');
      }
      return null;
    }
  }
}
