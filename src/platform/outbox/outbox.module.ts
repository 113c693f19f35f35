import {
  Global,
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { Events } from '../events/events.js';
import { Logger } from '../logging/logger.js';
import { Metrics } from '../metrics/metrics.js';
import { Signal } from '../signal/signal.js';
import { Topic } from '../signal/topics.js';
import { OUTBOX_CONSUMERS, type OutboxConsumer } from './outbox-consumer.js';
import { OutboxRelay } from './outbox-relay.js';
import { readBacklog } from './outbox.store.js';
import { Outbox } from './outbox.js';

/** Lets every module append; who consumes is the application's list. */
@Global()
@Module({})
export class OutboxModule {
  /** `needed`: modules that have what the consumers are made of. */
  static forRoot(
    consumers: readonly Type<OutboxConsumer>[],
    needed: readonly Type[] = [],
  ): DynamicModule {
    return {
      module: OutboxModule,
      imports: [...needed],
      providers: [
        ...consumers,
        {
          provide: OUTBOX_CONSUMERS,
          useFactory: (...all: OutboxConsumer[]) => all,
          inject: [...consumers],
        },
        {
          provide: Outbox,
          useFactory: (all: OutboxConsumer[], signal: Signal, events: Events) => {
            const outbox = new Outbox(all, signal);
            events.deliverThrough(outbox);
            return outbox;
          },
          inject: [OUTBOX_CONSUMERS, Signal, Events],
        },
      ],
      exports: [OUTBOX_CONSUMERS, Outbox],
    };
  }
}

/** Runs the relay in this process, from start to shutdown. */
@Injectable()
class OutboxRelayRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly relay: OutboxRelay;
  private unsubscribe: (() => void) | undefined;

  constructor(
    database: Database,
    @Inject(OUTBOX_CONSUMERS) consumers: readonly OutboxConsumer[],
    metrics: Metrics,
    logger: Logger,
    private readonly signal: Signal,
    private readonly config: Config,
  ) {
    const deliveries = metrics.counter({
      name: 'outbox_deliveries_total',
      help: 'Ranges of journal entries and events handed to a consumer, by outcome',
      labelNames: ['consumer', 'outcome'],
    });
    const streams = metrics.gauge({
      name: 'outbox_open_streams',
      help: 'Journals and things with news that a consumer has not got yet, and how many of them fail',
      labelNames: ['consumer', 'state'],
      collect: async () => {
        if (consumers.length === 0) return;
        const backlog = await database.system(readBacklog).catch(() => null);
        if (!backlog) return;
        streams.reset();
        for (const { consumer, open, failing } of backlog) {
          streams.set({ consumer, state: 'open' }, open);
          streams.set({ consumer, state: 'failing' }, failing);
        }
      },
    });
    this.relay = new OutboxRelay({
      database,
      consumers,
      log: logger.child({ part: 'outbox' }),
      onDelivery: (consumer, outcome) => deliveries.inc({ consumer, outcome }),
    });
  }

  onApplicationBootstrap(): void {
    this.unsubscribe = this.signal.subscribe(Topic.Outbox, () => this.relay.hint());
    this.relay.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe?.();
    await this.relay.stop(this.config.shutdownGraceMs / 4);
  }
}

@Module({ providers: [OutboxRelayRunner] })
export class OutboxRelayModule {}
