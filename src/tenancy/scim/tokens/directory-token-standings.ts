import { Inject, Injectable } from '@nestjs/common';
import { BoundedMap } from '../../../kernel/bounded-map.js';
import type { Clock } from '../../../kernel/clock.js';
import { RoundRobin } from '../../../kernel/round-robin.js';
import { CLOCK } from '../../../platform/clock.js';
import { Database } from '../../../platform/database/database.js';
import { hostOf } from '../../../platform/http/client-address.js';
import { serviceUnavailable } from '../../../platform/http/http.errors.js';
import {
  type DirectoryTokenStanding,
  directoryTokenStandingOf,
} from './directory-token-standings.queries.js';

/** A revocation must take effect within 5 s; the rest is for the query and for a slow event loop. */
const KEEP_MS = 4_000;
const KEPT = 1_000;
/** Texts that are no tokens have a memory of their own: a flood of them drives no good one out. */
const UNKNOWN_KEPT = 1_000;
/** Questions at once, addresses taking turns: whoever makes tokens up takes places here alone. */
const AT_ONCE = 2;
const PATIENCE_MS = 10_000;

interface Kept {
  readonly askedAt: number;
  readonly answer: DirectoryTokenStanding | null;
}

/** What directory tokens are, from the database, remembered for four seconds from before the question. */
@Injectable()
export class DirectoryTokenStandings {
  private readonly known = new BoundedMap<string, Kept>(KEPT);
  private readonly unknown = new BoundedMap<string, Kept>(UNKNOWN_KEPT);
  private readonly asking = new Map<string, Promise<DirectoryTokenStanding | null>>();
  private readonly turns: RoundRobin;

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.turns = new RoundRobin(AT_ONCE, clock);
  }

  /** Null: there is no token with that hash. */
  async of(hash: string, address: string): Promise<DirectoryTokenStanding | null> {
    const kept = this.known.get(hash) ?? this.unknown.get(hash);
    if (kept && this.clock.monotonic() - kept.askedAt < KEEP_MS) return kept.answer;
    const asked = this.asking.get(hash);
    if (asked) return asked;
    const patience = { ms: PATIENCE_MS, over: () => serviceUnavailable() };
    const answer = this.turns
      .run(hostOf(address), () => this.look(hash), patience)
      .finally(() => this.asking.delete(hash));
    this.asking.set(hash, answer);
    return answer;
  }

  /** Ends what this process remembers of a token at once. */
  forget(hash: string): void {
    this.known.delete(hash);
  }

  private async look(hash: string): Promise<DirectoryTokenStanding | null> {
    const askedAt = this.clock.monotonic();
    const answer = (await this.db.system((tx) => directoryTokenStandingOf(tx, hash))) ?? null;
    (answer ? this.known : this.unknown).set(hash, { askedAt, answer });
    return answer;
  }
}
