import { messageOf } from '../../kernel/errors.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../logging/logger.js';
import type { OutboxConsumer } from './outbox-consumer.js';
import { advanceStream, claimStreams, postponeStream, type Claim } from './outbox.store.js';

export interface RelayTimes {
  readonly beatMs: number;
  /** Longer than a delivery may take: the next relay begins when the last one must have ended. */
  readonly leaseMs: number;
  readonly deliveryMs: number;
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
}

const TIMES: RelayTimes = {
  beatMs: 1_000,
  leaseMs: 30_000,
  deliveryMs: 20_000,
  firstRetryMs: 1_000,
  lastRetryMs: 5 * 60_000,
};

/** Deliveries at once in one process. A consumer's share, so that a slow one holds up only itself. */
const STREAMS_PER_CONSUMER = 16;
const STREAMS_PER_TENANT = 4;

export interface RelayPorts {
  readonly database: Database;
  readonly consumers: readonly OutboxConsumer[];
  readonly log: Logger;
  readonly onDelivery?: (consumer: string, outcome: 'delivered' | 'failed') => void;
  readonly times?: Partial<RelayTimes>;
}

/** Takes what the outbox notes to the consumers: leases streams, delivers, moves their position. */
export class OutboxRelay {
  private readonly lanes: readonly Lane[];
  private readonly times: RelayTimes;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ports: RelayPorts) {
    this.times = { ...TIMES, ...ports.times };
    this.lanes = ports.consumers.map((consumer) => new Lane(consumer, ports, this.times));
  }

  start(): void {
    if (this.lanes.length === 0) return;
    this.timer = setInterval(() => this.hint(), this.times.beatMs);
    this.hint();
  }

  /** Something new was committed somewhere. */
  hint(): void {
    for (const lane of this.lanes) lane.look();
  }

  /** Takes nothing new, waits for what is under way, then breaks it off: it is delivered again. */
  async stop(graceMs: number): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.lanes.map((lane) => lane.stop(graceMs)));
  }
}

/** One consumer in one process. */
class Lane {
  private readonly underWay = new Map<Promise<void>, string>();
  private readonly ending = new AbortController();
  private looking: Promise<void> | undefined;
  private isAskedAgain = false;
  private isStopping = false;

  constructor(
    private readonly consumer: OutboxConsumer,
    private readonly ports: RelayPorts,
    private readonly times: RelayTimes,
  ) {}

  look(): void {
    this.isAskedAgain = true;
    this.looking ??= this.lookUntilQuiet().finally(() => (this.looking = undefined));
  }

  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    const isQuiet = this.quiet();
    let timer: NodeJS.Timeout | undefined;
    const isOver = new Promise((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([isQuiet, isOver]);
    clearTimeout(timer);
    this.ending.abort(new Error('the process stops'));
    await isQuiet;
  }

  private async quiet(): Promise<void> {
    await this.looking;
    await Promise.all(this.underWay.keys());
  }

  private async lookUntilQuiet(): Promise<void> {
    const { database, log } = this.ports;
    while (this.isAskedAgain && !this.isStopping) {
      this.isAskedAgain = false;
      const room = STREAMS_PER_CONSUMER - this.underWay.size;
      if (room <= 0) return;
      try {
        const limits = {
          streams: room,
          streamsPerTenant: STREAMS_PER_TENANT,
          busyTenants: this.busyTenants(),
          leaseMs: this.times.leaseMs,
        };
        const { name } = this.consumer;
        const claims = await database.system((tx) => claimStreams(tx, name, limits));
        for (const claim of claims) this.track(claim);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the outbox could not be read');
      }
    }
  }

  private busyTenants(): string[] {
    const counts = new Map<string, number>();
    for (const tenantId of this.underWay.values()) {
      counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
    }
    return [...counts].filter(([, count]) => count >= STREAMS_PER_TENANT).map(([id]) => id);
  }

  private track(claim: Claim): void {
    const work = this.handle(claim);
    this.underWay.set(work, claim.tenantId);
    void work.finally(() => {
      this.underWay.delete(work);
      // There is room again, and there may be more of this stream.
      this.look();
    });
  }

  private async handle(claim: Claim): Promise<void> {
    const { database, log, onDelivery } = this.ports;
    const { name } = this.consumer;
    const { tenantId, streamId } = claim;
    try {
      await this.deliver(claim);
      await database.system((tx) => advanceStream(tx, name, claim));
      onDelivery?.(name, 'delivered');
    } catch (error) {
      const isFailure = !this.ending.signal.aborted;
      const delayMs = isFailure ? this.retryDelay(claim.failures) : 0;
      const line = { consumer: name, tenantId, streamId, error: messageOf(error), delayMs };
      if (isFailure) log.warn(line, 'a delivery failed; it is tried again');
      onDelivery?.(name, 'failed');
      // When the database is away as well, the lease runs out by itself.
      await database
        .system((tx) => postponeStream(tx, name, claim, { delayMs, isFailure }))
        .catch(() => undefined);
    }
  }

  /** Rejects when the time is up, whether the consumer heeds the signal or not. */
  private async deliver({ failures: _failures, ...range }: Claim): Promise<void> {
    const signal = AbortSignal.any([
      this.ending.signal,
      AbortSignal.timeout(this.times.deliveryMs),
    ]);
    const isAborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    isAborted.catch(() => undefined);
    signal.throwIfAborted();
    await Promise.race([this.consumer.deliver({ ...range, signal }), isAborted]);
  }

  private retryDelay(failures: number): number {
    const { firstRetryMs, lastRetryMs } = this.times;
    return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 30));
  }
}
