import { Redis } from 'ioredis';
import { DomainError } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { OutsidePort, silentObserver, type OutsideObserver } from '../outside/outside-port.js';
import { Listeners, Signal, type SignalListener } from './signal.js';

/** A command that is not answered by then is given up: who listens also looks by itself. */
const COMMAND_MS = 1_000;
/** Twice what a command may take: a frozen server must not gather a crowd of signals. */
const PUBLISH_MS = 2_000;
/** Signals are dropped for so long, not saved up. */
const OPEN_MS = 2_000;
/** A message of these is 20 KB; a wave of 500 nodes, or a batch of gates, is one. */
const IDS_PER_MESSAGE = 500;

/**
 * Redis publish/subscribe between processes: one channel, two connections. What Redis loses while
 * it is away is found by those who look by themselves.
 */
export class RedisSignal extends Signal {
  private readonly listeners = new Listeners();
  /** By topic, what was published in this turn of the event loop: it goes out together. */
  private readonly gathered = new Map<string, Set<string>>();
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly port: OutsidePort;

  constructor(
    url: string,
    private readonly channel: string,
    onError: (error: Error) => void,
    observer: OutsideObserver = silentObserver,
  ) {
    super();
    const times = { deadlineMs: PUBLISH_MS, openMs: OPEN_MS };
    this.port = new OutsidePort({ ...times, isAway: () => true, away, observer });
    const retryStrategy = (times: number) => Math.min(times * 100, 1_500);
    this.publisher = new Redis(url, {
      retryStrategy,
      enableOfflineQueue: false,
      commandTimeout: COMMAND_MS,
      maxRetriesPerRequest: 1,
    });
    this.subscriber = new Redis(url, { retryStrategy, maxRetriesPerRequest: null });
    this.publisher.on('error', onError);
    this.subscriber.on('error', onError);
    this.subscriber.on('message', (_channel, message) => {
      const [topic = '', ...ids] = message.split(' ');
      for (const id of ids) this.listeners.tell(topic, id);
    });
    this.subscriber.subscribe(channel).catch(onError);
  }

  publish(topic: string, id: string): void {
    if (this.gathered.size === 0) queueMicrotask(() => this.sendGathered());
    const ids = this.gathered.get(topic) ?? new Set();
    this.gathered.set(topic, ids.add(id));
  }

  private sendGathered(): void {
    for (const [topic, all] of this.gathered) {
      const ids = [...all];
      while (ids.length > 0) {
        const message = [topic, ...ids.splice(0, IDS_PER_MESSAGE)].join(' ');
        this.port.call(() => this.send(message)).catch(() => undefined);
      }
    }
    this.gathered.clear();
  }

  private async send(message: string): Promise<void> {
    await failpoint('signal.publish:before');
    await this.publisher.publish(this.channel, message);
  }

  subscribe(topic: string, listener: SignalListener): () => void {
    return this.listeners.add(topic, listener);
  }

  async close(): Promise<void> {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }
}

function away(cause: unknown): DomainError {
  const message = 'The signals between processes are not passed on.';
  return new DomainError('unavailable', 'signal-unavailable', message, { cause });
}
