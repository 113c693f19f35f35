import { Inject, Injectable } from '@nestjs/common';
import { compactVerify } from 'jose';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { issuerUnavailable } from './federated-identities.errors.js';
import { IssuerDocuments, type IssuerKey, type KeySet } from './issuer-documents.js';
import type { Check, SubjectToken } from './subject-token.js';

const MINUTE_MS = 60_000;
/** Without a word of the issuer, and within what bounds its word counts. */
const FRESH_MS = 10 * MINUTE_MS;
const FRESH_LEAST_MS = MINUTE_MS;
const FRESH_MOST_MS = 60 * MINUTE_MS;
/** An unknown `kid`, or an issuer that does not answer, makes us ask no more often than this. */
const ASK_AGAIN_MS = 30_000;
/** So long an issuer may be away before what it has once said is not believed any more. */
const STALE_MOST_MS = 24 * 60 * MINUTE_MS;
/** Issuers that are remembered; the ones asked longest ago make room. */
const KEPT = 1_000;

interface Kept {
  /** Null: it has never answered. */
  set: (KeySet & { readonly readAt: number }) | null;
  /** By the monotonic clock; of the last attempt, whatever came of it. */
  askedAt: number;
  /** Why the last attempt failed. */
  failure: unknown;
  asking: Promise<void> | null;
}

/**
 * The keys of issuers, as they publish them. One set per issuer for all tenants: what it says of itself does
 * not depend on who asks.
 */
@Injectable()
export class IssuerKeys {
  private readonly kept = new BoundedMap<string, Kept>(KEPT);

  constructor(
    private readonly documents: IssuerDocuments,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Whether the issuer has signed it. Throws `issuer-unavailable`, `issuer-invalid`. */
  async checkSignature(token: SubjectToken, account: string): Promise<Check> {
    const { text, header, claims } = token;
    const found = await this.find(claims.iss, header.kid, account);
    const failed = (detail: string): Check => ({ check: 'signature', isPassed: false, detail });
    if (!found) {
      return failed('Its issuer has no key with its `kid`. Keys are asked for at most every 30 s.');
    }
    if (found.algorithm !== null && found.algorithm !== header.alg) {
      return failed('Its key is for another algorithm than it names.');
    }
    try {
      await compactVerify(text, found.key, { algorithms: [header.alg] });
      return { check: 'signature', isPassed: true, detail: `${claims.iss} has signed it.` };
    } catch {
      return failed('Its signature is not one of its issuer’s.');
    }
  }

  private async find(issuer: string, kid: string, account: string): Promise<IssuerKey | undefined> {
    const kept = this.keptOf(issuer);
    if (!this.isFresh(kept)) await this.ask(issuer, kept, account);
    else if (!kept.set?.keys.has(kid)) await this.ask(issuer, kept, account);
    const { set } = kept;
    if (set && this.clock.monotonic() - set.readAt < STALE_MOST_MS) return set.keys.get(kid);
    const { failure } = kept;
    const isTheirs = failure instanceof DomainError && failure.kind !== 'unavailable';
    throw isTheirs ? failure : issuerUnavailable(failure);
  }

  private keptOf(issuer: string): Kept {
    const known = this.kept.get(issuer);
    if (known) return known;
    const kept: Kept = { set: null, askedAt: -Infinity, failure: null, asking: null };
    this.kept.set(issuer, kept);
    return kept;
  }

  private isFresh({ set }: Kept): boolean {
    if (!set) return false;
    const said = set.maxAgeMs ?? FRESH_MS;
    const keepMs = Math.min(Math.max(said, FRESH_LEAST_MS), FRESH_MOST_MS);
    return this.clock.monotonic() - set.readAt < keepMs;
  }

  /** At most every 30 s, and once for all who wait. Never throws: what came of it is kept. */
  private async ask(issuer: string, kept: Kept, account: string): Promise<void> {
    if (kept.asking) return kept.asking;
    const now = this.clock.monotonic();
    if (now - kept.askedAt < ASK_AGAIN_MS) return;
    kept.askedAt = now;
    kept.asking = this.read(issuer, account)
      .then((set) => {
        kept.set = { ...set, readAt: now };
        kept.failure = null;
      })
      .catch((error: unknown) => {
        kept.failure = error;
      })
      .finally(() => {
        kept.asking = null;
      });
    return kept.asking;
  }

  private async read(issuer: string, account: string): Promise<KeySet> {
    return this.documents.keys(await this.documents.keysAddress(issuer, account), account);
  }
}
