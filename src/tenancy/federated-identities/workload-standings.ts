import { Inject, Injectable } from '@nestjs/common';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import {
  type WorkloadOf,
  type WorkloadStanding,
  workloadStandingOf,
} from './federated-identities.store.js';

/** As for people: changes take effect within 5 s. */
const KEEP_MS = 4_000;
const KEPT = 10_000;

type Entry = { readonly askedAt: number; readonly answer: Promise<WorkloadStanding | null> };

/** Whether an identity is still good, and what it may do, asked of the database and not of the token. */
@Injectable()
export class WorkloadStandings {
  private readonly kept = new BoundedMap<string, Entry>(KEPT);

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null: it is gone. May be up to four seconds old. */
  async of(who: WorkloadOf): Promise<WorkloadStanding | null> {
    const key = `${who.tenantId}/${who.id}`;
    const now = this.clock.monotonic();
    const known = this.kept.get(key);
    if (known && now - known.askedAt < KEEP_MS) return known.answer;
    const entry: Entry = { askedAt: now, answer: this.ask(who) };
    this.kept.set(key, entry);
    try {
      return await entry.answer;
    } catch (error) {
      // A question that failed is not an answer: the next request asks again.
      if (this.kept.get(key) === entry) this.kept.set(key, { ...entry, askedAt: -Infinity });
      throw error;
    }
  }

  /** Always asks. */
  async ask(who: WorkloadOf): Promise<WorkloadStanding | null> {
    return (await this.db.system((tx) => workloadStandingOf(tx, who))) ?? null;
  }
}
