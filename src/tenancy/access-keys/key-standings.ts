import { Inject, Injectable } from '@nestjs/common';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { RoundRobin } from '../../kernel/round-robin.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { hostOf } from '../../platform/http/client-address.js';
import { serviceUnavailable } from '../../platform/http/http.errors.js';
import { type KeyStanding, keyStandingOf } from './key-standings.queries.js';

/** A revocation must take effect within 5 s; the rest is for the query and for a slow event loop. */
const KEEP_MS = 4_000;
const KEPT = 10_000;
/** Texts that are no keys have a memory of their own: a flood of them must not drive the good ones out. */
const UNKNOWN_KEPT = 1_000;
/**
 * Questions at once, addresses taking turns: whoever makes up keys with a right checksum takes up places
 * here, and none of the database's.
 */
const AT_ONCE = 4;
const PATIENCE_MS = 10_000;

interface Kept<T> {
  readonly askedAt: number;
  readonly answer: T;
}

/** What keys are, from the database, remembered for four seconds from before the question. */
@Injectable()
export class KeyStandings {
  private readonly known = new BoundedMap<string, Kept<KeyStanding>>(KEPT);
  private readonly unknown = new BoundedMap<string, Kept<null>>(UNKNOWN_KEPT);
  private readonly asking = new Map<string, Promise<KeyStanding | null>>();
  private readonly turns: RoundRobin;

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.turns = new RoundRobin(AT_ONCE, clock);
  }

  /** Null: there is no key with that hash. */
  async of(hash: string, address: string): Promise<KeyStanding | null> {
    const kept = this.known.get(hash) ?? this.unknown.get(hash);
    if (kept && this.clock.monotonic() - kept.askedAt < KEEP_MS) return kept.answer;
    const asked = this.asking.get(hash);
    if (asked) return asked;
    const answer = this.ask(hash, address).finally(() => this.asking.delete(hash));
    this.asking.set(hash, answer);
    return answer;
  }

  /** Ends what this process remembers of a key at once. */
  forget(hash: string): void {
    this.known.delete(hash);
  }

  private ask(hash: string, address: string): Promise<KeyStanding | null> {
    const patience = { ms: PATIENCE_MS, over: () => serviceUnavailable() };
    return this.turns.run(hostOf(address), () => this.look(hash), patience);
  }

  private async look(hash: string): Promise<KeyStanding | null> {
    const askedAt = this.clock.monotonic();
    const answer = await this.db.system((tx) => keyStandingOf(tx, hash));
    if (answer) this.known.set(hash, { askedAt, answer });
    else this.unknown.set(hash, { askedAt, answer: null });
    return answer ?? null;
  }
}
