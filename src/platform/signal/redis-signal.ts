import { Redis } from 'ioredis';
import { failpoint } from '../../kernel/failpoint.js';
import { Listeners, Signal, type SignalListener } from './signal.js';

/**
 * Redis publish/subscribe between processes: one channel, two connections. What Redis loses while
 * it is away is found by those who look by themselves.
 */
export class RedisSignal extends Signal {
  private readonly listeners = new Listeners();
  private readonly publisher: Redis;
  private readonly subscriber: Redis;

  constructor(
    url: string,
    private readonly channel: string,
    onError: (error: Error) => void,
  ) {
    super();
    const retryStrategy = (times: number) => Math.min(times * 100, 1_500);
    this.publisher = new Redis(url, {
      retryStrategy,
      enableOfflineQueue: false,
      commandTimeout: 1_000,
      maxRetriesPerRequest: 1,
    });
    this.subscriber = new Redis(url, { retryStrategy, maxRetriesPerRequest: null });
    this.publisher.on('error', onError);
    this.subscriber.on('error', onError);
    this.subscriber.on('message', (_channel, message) => {
      const [topic, id] = message.split(' ');
      if (topic && id) this.listeners.tell(topic, id);
    });
    this.subscriber.subscribe(channel).catch(onError);
  }

  publish(topic: string, id: string): void {
    this.send(`${topic} ${id}`).catch(() => undefined);
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
