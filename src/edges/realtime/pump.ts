import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { headsOf, type Head } from '../../deployments/deployments.queries.js';
import type { JournalEntry } from '../../engine/journal.js';
import type { OpenContext } from '../../platform/context.js';
import type { Logger } from '../../platform/logging/logger.js';
import { Delivery } from './delivery.js';
import { liveLimits } from './live-limits.js';
import { entriesOf, readPlans } from './journal-reads.js';
import type { Stream } from './stream.js';

/** Deployments per read. Signals that come during a read wait for the next one, together. */
const BATCH = 100;
/** Ids that are not this tenant's; a signal does not say whose it is. */
const FOREIGN = 10_000;

export interface PumpPorts {
  readonly read: <T>(work: (open: OpenContext) => Promise<T>) => Promise<T>;
  readonly streams: ReadonlyMap<string, Stream>;
  /** Takes up a deployment that is not followed yet; undefined: nobody wants it. */
  readonly adopt: (head: Head) => Stream | undefined;
  /** Before deployments are taken up: learns what has to be known of them. */
  readonly prepare: (open: OpenContext, ids: readonly string[]) => Promise<void>;
  readonly flush: (delivery: Delivery) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Job {
  readonly stream: Stream;
  readonly head: Head;
  readonly from: number;
  readonly entries: readonly JournalEntry[];
}

/** Reads journals and hands them to their streams: one read at a time, so order needs no care. */
export class Pump {
  private readonly dirty = new Set<string>();
  private readonly foreign = new Set<string>();
  private running = false;
  /** Somebody is being told a long past: that goes on at once. */
  private isBehind = false;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: PumpPorts) {}

  /** `isOwn`: it was read in this tenant, so it is no stranger, whatever a signal has shown. */
  look(id: string, isOwn = false): void {
    if (isOwn) this.foreign.delete(id);
    if (this.foreign.has(id)) return;
    this.dirty.add(id);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      while (this.dirty.size > 0) {
        if (!this.isBehind) await this.gather();
        const batch = [...this.dirty].slice(0, BATCH);
        for (const id of batch) this.dirty.delete(id);
        const jobs = await this.ports.read((open) => this.readJobs(open, batch));
        this.deliver(jobs);
      }
    } catch (error) {
      // Nobody's position has moved, so the feed's next look of its own continues where this ended.
      this.ports.logger.warn({ error: messageOf(error) }, 'the live feed could not read a journal');
    } finally {
      this.running = false;
    }
  }

  /** After a quiet moment the first news goes out at once; what follows close behind goes together. */
  private async gather(): Promise<void> {
    const { clock } = this.ports;
    const waitMs = this.readAt + liveLimits.gatherMs - clock.monotonic();
    if (waitMs > 0) await delay(waitMs);
    this.readAt = clock.monotonic();
  }

  private deliver(jobs: readonly Job[]): void {
    const delivery = new Delivery();
    this.isBehind = false;
    for (const { stream, head, from, entries } of jobs) {
      if (!stream.deliver(from, entries, head, delivery)) continue;
      this.dirty.add(stream.id);
      this.isBehind = true;
    }
    this.ports.flush(delivery);
  }

  private async readJobs(open: OpenContext, batch: readonly string[]): Promise<Job[]> {
    const heads = await headsOf(open, batch);
    this.rememberForeign(batch, heads);
    const found = heads.map(({ id }) => id);
    await this.ports.prepare(open, found);
    const wanted = heads.flatMap((head) => {
      const known = this.ports.streams.get(head.id);
      // Followers of everything join a stream that others had begun.
      const stream = this.ports.adopt(head) ?? known;
      const from = stream?.readFrom(head) ?? null;
      return stream && from !== null ? [{ stream, head, from }] : [];
    });
    if (wanted.length === 0) return [];
    const positions = wanted.map(({ stream, from }) => ({ id: stream.id, after: from }));
    const entries = await entriesOf(open, positions);
    await readPlans(
      open,
      wanted.map(({ stream }) => stream),
      entries,
    );
    return wanted.map((job) => ({ ...job, entries: entries.get(job.stream.id) ?? [] }));
  }

  private rememberForeign(batch: readonly string[], heads: readonly Head[]): void {
    const found = new Set(heads.map(({ id }) => id));
    for (const id of batch) {
      if (!found.has(id)) this.foreign.add(id);
    }
    for (const id of this.foreign) {
      if (this.foreign.size <= FOREIGN) break;
      this.foreign.delete(id);
    }
  }
}
