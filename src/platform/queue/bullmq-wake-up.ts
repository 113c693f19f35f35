import { Queue, Worker, type Job } from 'bullmq';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { WakeUp, type Hint, type RunHandler, type WakeUpConcurrency } from './wake-up.js';
import { OutsidePort, silentObserver, type OutsideObserver } from '../outside/outside-port.js';
import type { QueueConnections } from './queue-connections.js';

export interface QueueLog {
  warn(fields: object, message: string): void;
}

const QUEUE_NAME = 'runs';
/** Of its own: whoever is in a queue with thousands that come faster than they are taken may wait. */
const URGENT_QUEUE_NAME = 'runs-urgent';
/** A hint that takes longer than this to be placed is given up: the due loop is faster. */
const LOCK_MS = 60_000;
/** Twice what a command may take: a frozen server must not gather a crowd of hints. */
const ADD_MS = 2_000;
/** Hints are dropped for so long, not saved up: the due loop has found their runs by then. */
const OPEN_MS = 2_000;
/** A start waits so long for the server, and then goes on without. */
const READY_MS = 5_000;
/** Nobody reads the queue's events; the library would keep ten thousand of them. */
const EVENTS_KEPT = 1_000;

export interface WakeUpOptions {
  readonly observer?: OutsideObserver;
  readonly monotonic?: () => number;
}

/**
 * WakeUp over BullMQ, on Redis or on its PostgreSQL backend. The job id is the run's id, so hints
 * for a run that already waits fold into one; completed jobs are removed at once, because a kept
 * one would swallow the next hint with the same id.
 */
export class BullMqWakeUp extends WakeUp {
  private readonly queue: Queue<Hint, void, string>;
  private readonly urgentQueue: Queue<Hint, void, string>;
  private workers: readonly Worker<Hint, void, string>[] = [];
  private warnedAt = 0;
  private readonly monotonic: () => number;
  private readonly port: OutsidePort;

  constructor(
    private readonly connections: QueueConnections,
    private readonly log: QueueLog,
    { observer = silentObserver, monotonic = () => performance.now() }: WakeUpOptions = {},
  ) {
    super();
    this.monotonic = monotonic;
    const times = { deadlineMs: ADD_MS, openMs: OPEN_MS };
    this.port = new OutsidePort({ ...times, isAway: () => true, away, observer });
    const producer = connections.producer();
    this.queue = this.queueOf(QUEUE_NAME, producer);
    this.urgentQueue = this.queueOf(URGENT_QUEUE_NAME, producer);
  }

  now(hint: Hint): void {
    this.give(this.queue, hint);
  }

  urgently(hint: Hint): void {
    this.give(this.urgentQueue, hint);
  }

  private give(queue: Queue<Hint, void, string>, hint: Hint): void {
    this.port.call(() => this.add(queue, hint)).catch((error: unknown) => this.warn(error));
  }

  private async add(queue: Queue<Hint, void, string>, { kind, tenantId, id }: Hint): Promise<void> {
    await failpoint('queue.wake-up:before');
    // The newest first: who waits behind a backlog has been found by the due loop meanwhile.
    await queue.add('look', { kind, tenantId, id }, { jobId: id, lifo: true });
    await failpoint('queue.wake-up:after');
  }

  async start(handler: RunHandler, { normal, urgent }: WakeUpConcurrency): Promise<void> {
    this.workers = [
      this.workerOf(QUEUE_NAME, normal, (hint) => handler(hint, false)),
      this.workerOf(URGENT_QUEUE_NAME, urgent, (hint) => handler(hint, true)),
    ];
    // Without its server a process starts all the same: the due loop needs no hints.
    const ready = Promise.all(this.workers.map((worker) => worker.waitUntilReady()));
    await within(READY_MS, ready).catch((error: unknown) => this.warn(error));
  }

  private queueOf(name: string, connection: unknown): Queue<Hint, void, string> {
    const queue = new Queue<Hint, void, string>(
      name,
      {
        connection: connection as never,
        ...this.place,
        streams: { events: { maxLen: EVENTS_KEPT } },
        defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
      },
      this.connections.backendFactory as never,
    );
    // Without a listener an `error` event ends the process.
    queue.on('error', (error) => this.warn(error));
    return queue;
  }

  private workerOf(
    name: string,
    concurrency: number,
    handler: (hint: Hint) => Promise<void>,
  ): Worker<Hint, void, string> {
    const worker = new Worker<Hint, void, string>(
      name,
      async (job: Job<Hint, void, string>) => {
        // The version before named no kind: the due loop finds what is not named.
        if (job.data.kind !== undefined) await handler(job.data);
      },
      {
        connection: this.connections.worker() as never,
        ...this.place,
        concurrency,
        lockDuration: LOCK_MS,
        // A stalled hint may be handed out again without harm: the lease decides who acts.
        maxStalledCount: 1000,
      },
      this.connections.backendFactory as never,
    );
    worker.on('error', (error) => this.warn(error));
    return worker;
  }

  private get place(): { prefix?: string } {
    const { prefix } = this.connections;
    return prefix ? { prefix } : {};
  }

  async stop(graceMs: number): Promise<void> {
    // close() hangs for as long as the server is away, so the grace is ours to keep.
    const closed = (async () => {
      await Promise.all(this.workers.map((worker) => worker.close()));
      await Promise.all([this.queue.close(), this.urgentQueue.close()]);
    })().catch((error: unknown) => this.warn(error));
    await within(graceMs, closed);
    await this.connections.close();
  }

  /** An outage would write thousands of lines: one every ten seconds is enough. */
  private warn(error: unknown): void {
    const now = this.monotonic();
    if (this.warnedAt !== 0 && now - this.warnedAt < 10_000) return;
    this.warnedAt = now;
    this.log.warn(
      { error: messageOf(error) },
      'the queue does not answer; the due loop carries on',
    );
  }
}

function away(cause: unknown): DomainError {
  return new DomainError('unavailable', 'queue-unavailable', 'The queue does not answer.', {
    cause,
  });
}

/** Whatever comes of it in time; nothing after that. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
