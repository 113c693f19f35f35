import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Context, OpenContext } from '../../src/platform/context.js';
import type { Transaction } from '../../src/platform/database/transaction.js';
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { OutboxConsumer, type Delivery } from '../../src/platform/outbox/outbox-consumer.js';
import { OutboxRelay, type RelayTimes } from '../../src/platform/outbox/outbox-relay.js';
import { Outbox } from '../../src/platform/outbox/outbox.js';
import { eventsIn, purgeEvents } from '../../src/platform/outbox/events.store.js';
import { eventType } from '../../src/platform/events/event.js';
import { Events } from '../../src/platform/events/events.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { freshDatabase, withClient, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/fleet-app.js';
import { quietEvents } from '../support/quiet-events.js';

class TestConsumer extends OutboxConsumer {
  readonly name: string;
  readonly delivered: Omit<Delivery, 'signal'>[] = [];
  readonly atOnce = new Map<string, number>();
  mostAtOnce = 0;
  /** What a test lets happen to a delivery before it counts. */
  during: (delivery: Delivery) => Promise<void> | void = () => undefined;

  constructor(
    name: string,
    override readonly journalKinds: readonly string[] | null = null,
  ) {
    super();
    this.name = name;
  }

  async deliver(delivery: Delivery): Promise<void> {
    const { signal: _signal, ...range } = delivery;
    const { streamId } = range;
    const before = this.atOnce.get(streamId) ?? 0;
    this.atOnce.set(streamId, before + 1);
    this.mostAtOnce = Math.max(this.mostAtOnce, before + 1);
    try {
      await this.during(delivery);
      this.delivered.push(range);
    } finally {
      this.atOnce.set(streamId, this.atOnce.get(streamId)! - 1);
    }
  }

  rangesOf(streamId: string): [number, number][] {
    return this.delivered
      .filter((range) => range.streamId === streamId)
      .map(({ afterSeq, upToSeq }): [number, number] => [afterSeq, upToSeq]);
  }
}

/** Quick enough for a test; the proportions are the real ones. */
const QUICK: Partial<RelayTimes> = { beatMs: 20, firstRetryMs: 20, lastRetryMs: 100 };

let database: TestDatabase;
let db: Database;
let signal: InProcessSignal;
let events: Events;
const relays: OutboxRelay[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  db = await open();
});
beforeEach(() => {
  signal = new InProcessSignal();
  events = new Events(signal);
});
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop(100)));
  await withClient(database.superuser, (client) =>
    client.query('truncate outbox, events, event_streams'),
  );
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const open = () =>
  Database.open({
    app: database.app,
    system: database.system,
    poolSize: 4,
    systemPoolSize: 3,
    log: Logger.silent(),
    recorder: { record: (open, event) => events.record(open, event) },
  });

function relay(consumers: OutboxConsumer[], times: Partial<RelayTimes> = {}, on = db): OutboxRelay {
  const made = new OutboxRelay({
    database: on,
    consumers,
    log: Logger.silent(),
    times: { ...QUICK, ...times },
  });
  relays.push(made);
  made.start();
  return made;
}

const append = (consumers: OutboxConsumer[], tenantId: string, streamId: string, upToSeq: number) =>
  db.transaction(Context.system(tenantId, 'test'), (open) =>
    new Outbox(consumers, signal).append(open, { streamId, upToSeq, kinds: ['created'] }),
  );

interface Row {
  readonly upToSeq: number;
  readonly deliveredSeq: number;
  readonly failures: number;
  readonly waitsMs: number | null;
}
const rowOf = async (streamId: string) => {
  const [row] = await db.system((tx) =>
    tx.query<Row>(
      `select up_to_seq as "upToSeq", delivered_seq as "deliveredSeq", failures,
         (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as "waitsMs"
       from outbox where stream_id = $1`,
      [streamId],
    ),
  );
  return row;
};

describe('appending', () => {
  it('costs no statement while nobody consumes', async () => {
    const outbox = new Outbox([], signal);
    // Without a transaction any statement would throw.
    const tx = undefined as unknown as Transaction;
    const open = new OpenContext(Context.system(randomUUID(), 'test'), tx, quietEvents());
    await outbox.append(open, { streamId: randomUUID(), upToSeq: 1, kinds: ['created'] });
  });

  it('keeps one row per consumer and stream, which never goes back', async () => {
    const consumers = [new TestConsumer('b'), new TestConsumer('a')];
    const [tenantId, streamId] = [randomUUID(), randomUUID()];
    for (const upToSeq of [3, 9, 5]) await append(consumers, tenantId, streamId, upToSeq);
    const rows = await db.system((tx) =>
      tx.query('select consumer, up_to_seq as "upToSeq" from outbox order by consumer'),
    );
    expect(rows).toEqual([
      { consumer: 'a', upToSeq: 9 },
      { consumer: 'b', upToSeq: 9 },
    ]);
  });

  it('is for whoever waits for such entries', async () => {
    const picky = new TestConsumer('picky', ['finished']);
    const [tenantId, streamId] = [randomUUID(), randomUUID()];
    const write = (upToSeq: number, kinds: string[]) =>
      db.transaction(Context.system(tenantId, 'test'), (open) =>
        new Outbox([picky], signal).append(open, { streamId, upToSeq, kinds }),
      );
    await write(2, ['created', 'planned']);
    expect(await rowOf(streamId)).toBeUndefined();
    await write(5, ['step-succeeded', 'finished']);
    expect(await rowOf(streamId)).toMatchObject({ upToSeq: 5, deliveredSeq: 0 });
  });

  it('is undone with its transaction', async () => {
    const streamId = randomUUID();
    const outbox = new Outbox([new TestConsumer('a')], signal);
    const work = db.transaction(Context.system(randomUUID(), 'test'), async (open) => {
      await outbox.append(open, { streamId, upToSeq: 1, kinds: ['created'] });
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await rowOf(streamId)).toBeUndefined();
  });

  it('refuses two consumers of one name', () => {
    expect(() => new Outbox([new TestConsumer('a'), new TestConsumer('a')], signal)).toThrow(
      'two outbox consumers are called "a"',
    );
  });
});

describe('an event of a thing without a journal', () => {
  const kettleSold = eventType<{ price: number }>({
    name: 'test-kettle-sold',
    subject: 'kettle',
    delivered: true,
  });
  const kettleSeen = eventType({ name: 'test-kettle-seen', subject: 'kettle' });
  const sell = (tenantId: string, id: string, price: number) =>
    db.transaction(Context.system(tenantId, 'test'), (open) =>
      open.record(kettleSold(id, { price })),
    );
  const read = (delivery: Omit<Delivery, 'signal'>) =>
    db.transaction(Context.system(delivery.tenantId, 'test'), (open) => eventsIn(open, delivery));

  it('is delivered in the order of commits, and can be read', async () => {
    const consumer = new TestConsumer('test');
    events.deliverThrough(new Outbox([consumer], signal));
    const [tenantId, kettle] = [randomUUID(), randomUUID()];
    await Promise.all([1, 2, 3, 4, 5, 6].map((price) => sell(tenantId, kettle, price)));
    relay([consumer]);
    await eventually(() => consumer.rangesOf(kettle).at(-1)?.[1] === 6);
    expect(consumer.delivered[0]).toMatchObject({ stream: 'events', streamId: kettle });
    const got = await read({ ...consumer.delivered[0]!, afterSeq: 0, upToSeq: 6 });
    expect(got.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(got.map(({ body }) => (body as { price: number }).price).sort()).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    expect(got[0]).toMatchObject({
      name: 'test-kettle-sold',
      subjectKind: 'kettle',
      actor: 'system:test',
      result: 'allowed',
    });
    expect(await read({ ...consumer.delivered[0]!, tenantId: randomUUID() })).toEqual([]);
  });

  it('has a stream beside the journal of the same thing, and neither hides the other', async () => {
    const consumer = new TestConsumer('test');
    events.deliverThrough(new Outbox([consumer], signal));
    const [tenantId, id] = [randomUUID(), randomUUID()];
    await append([consumer], tenantId, id, 40);
    await sell(tenantId, id, 1);
    relay([consumer]);
    await eventually(() => consumer.rangesOf(id).length === 2);
    expect(consumer.delivered.map(({ stream, upToSeq }) => [stream, upToSeq]).sort()).toEqual([
      ['events', 1],
      ['journal', 40],
    ]);
    await sell(tenantId, id, 2);
    await eventually(() => consumer.rangesOf(id).length === 3);
    expect(consumer.delivered.at(-1)).toMatchObject({ stream: 'events', afterSeq: 1, upToSeq: 2 });
  });

  it('is not kept when nobody consumes, and never when it is not to be delivered', async () => {
    events.deliverThrough(new Outbox([], signal));
    await sell(randomUUID(), randomUUID(), 1);
    events.deliverThrough(new Outbox([new TestConsumer('test')], signal));
    await db.transaction(Context.system(randomUUID(), 'test'), (open) =>
      open.record(kettleSeen(randomUUID(), {})),
    );
    const rows = await withClient(database.superuser, (client) =>
      client.query('select 1 from events union all select 1 from outbox'),
    );
    expect(rows.rowCount).toBe(0);
  });

  it('has a subject whose id is a UUID', async () => {
    events.deliverThrough(new Outbox([new TestConsumer('test')], signal));
    await expect(sell(randomUUID(), 'kettle', 1)).rejects.toThrow('must be a UUID');
  });

  it('goes when it is old and everybody has got it, and its sequence goes on', async () => {
    const consumer = new TestConsumer('test');
    events.deliverThrough(new Outbox([consumer], signal));
    const [tenantId, told, waiting] = [randomUUID(), randomUUID(), randomUUID()];
    await sell(tenantId, told, 1);
    await relay([consumer]).stop(1_000);
    await eventually(async () => (await rowOf(told))!.deliveredSeq === 1);
    await sell(tenantId, waiting, 1);
    const purge = () => db.system((tx) => purgeEvents(tx, { days: 14, rows: 10 }));
    expect(await purge()).toBe(0);
    await withClient(database.superuser, (client) =>
      client.query(`update events set at = at - interval '15 days'`),
    );
    expect(await purge()).toBe(1);
    await sell(tenantId, told, 2);
    expect(await rowOf(told)).toMatchObject({ upToSeq: 2 });
  });
});

describe('the relay', () => {
  it('delivers each stream in order and without a gap, while more comes', async () => {
    const consumer = new TestConsumer('test');
    consumer.during = () => delay(1);
    relay([consumer]);
    const tenantId = randomUUID();
    const streams = Array.from({ length: 8 }, () => randomUUID());
    for (let upToSeq = 1; upToSeq <= 15; upToSeq += 1) {
      await Promise.all(streams.map((id) => append([consumer], tenantId, id, upToSeq)));
    }
    for (const id of streams) {
      const ranges = await eventually(() => {
        const own = consumer.rangesOf(id);
        return own.at(-1)?.[1] === 15 && own;
      });
      const starts = ranges.map(([from]) => from);
      expect(starts).toEqual([0, ...ranges.slice(0, -1).map(([, to]) => to)]);
    }
    expect(consumer.mostAtOnce).toBe(1);
  });

  it('is woken by a hint, long before its beat', async () => {
    const consumer = new TestConsumer('test');
    const made = relay([consumer], { beatMs: 60_000 });
    signal.subscribe(Topic.Outbox, () => made.hint());
    const streamId = randomUUID();
    await append([consumer], randomUUID(), streamId, 4);
    await eventually(() => consumer.rangesOf(streamId).length === 1, 30_000);
  });

  it('and another one never deliver a stream at the same time, nor twice', async () => {
    const consumer = new TestConsumer('test');
    consumer.during = () => delay(5);
    const tenants = Array.from({ length: 10 }, () => randomUUID());
    const streams = tenants.flatMap((tenantId) =>
      Array.from({ length: 6 }, () => ({ tenantId, id: randomUUID() })),
    );
    for (const { tenantId, id } of streams) await append([consumer], tenantId, id, 7);
    const other = await open();
    try {
      const second = [relay([consumer]), relay([consumer], {}, other)][1]!;
      await eventually(() => consumer.delivered.length >= streams.length, 10_000);
      await eventually(async () => (await rowOf(streams[0]!.id))?.deliveredSeq === 7);
      await second.stop(1_000);
      expect(consumer.mostAtOnce).toBe(1);
      expect(consumer.delivered).toHaveLength(streams.length);
    } finally {
      await other.close();
    }
  });

  it('delivers again what a crash kept from being noted', async () => {
    const consumer = new TestConsumer('test');
    const streamId = randomUUID();
    await append([consumer], randomUUID(), streamId, 5);
    const doomed = await open();
    consumer.during = async () => {
      consumer.during = () => undefined;
      // Delivered, and gone before it could say so.
      await doomed.close();
    };
    relay([consumer], { leaseMs: 300 }, doomed);
    await eventually(() => consumer.rangesOf(streamId).length === 1);
    expect((await rowOf(streamId))!.deliveredSeq).toBe(0);
    relay([consumer]);
    await eventually(() => consumer.rangesOf(streamId).length === 2);
    expect(consumer.rangesOf(streamId)).toEqual([
      [0, 5],
      [0, 5],
    ]);
    await eventually(async () => (await rowOf(streamId))!.deliveredSeq === 5);
  });

  it('moves nothing after it has lost the lease', async () => {
    const consumer = new TestConsumer('test');
    const streamId = randomUUID();
    await append([consumer], randomUUID(), streamId, 5);
    consumer.during = async () => {
      // Somebody else has delivered it in the meantime, and more came.
      await db.system((tx) =>
        tx.execute('update outbox set delivered_seq = 8, up_to_seq = 8, lease_until = null'),
      );
    };
    await relay([consumer]).stop(1_000);
    await eventually(async () => (await rowOf(streamId))!.deliveredSeq === 8);
    expect(await rowOf(streamId)).toMatchObject({ deliveredSeq: 8, upToSeq: 8, failures: 0 });
  });

  it('backs off from a stream that fails, and nobody else notices', async () => {
    const consumer = new TestConsumer('test');
    const [poison, tenantId] = [randomUUID(), randomUUID()];
    const tries: number[] = [];
    consumer.during = ({ streamId }) => {
      if (streamId !== poison) return;
      tries.push(performance.now());
      throw new Error('poison');
    };
    await append([consumer], tenantId, poison, 1);
    relay([consumer], { firstRetryMs: 50, lastRetryMs: 400 });
    await eventually(() => tries.length >= 3);
    const healthy = Array.from({ length: 20 }, () => randomUUID());
    for (const id of healthy) await append([consumer], tenantId, id, 1);
    await eventually(() => consumer.delivered.length === healthy.length);
    await eventually(() => tries.length >= 6, 10_000);
    const gaps = tries.slice(1).map((at, index) => at - tries[index]!);
    for (const [index, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(Math.min(400, 50 * 2 ** index) - 5);
    }
    // While it is tried, it is the claim's own lease that it waits for.
    await eventually(async () => {
      const row = await rowOf(poison);
      expect(row).toMatchObject({ deliveredSeq: 0 });
      return row!.failures >= 5 && row!.waitsMs! <= 400;
    });
    consumer.during = () => undefined;
    await eventually(async () => (await rowOf(poison))!.deliveredSeq === 1);
    expect(await rowOf(poison)).toMatchObject({ failures: 0, waitsMs: null });
  });

  it('is not held up by a slow tenant or a slow consumer', async () => {
    const [slow, quick] = [new TestConsumer('slow'), new TestConsumer('quick')];
    const [crowded, other] = [randomUUID(), randomUUID()];
    const release = new AbortController();
    const released = new Promise<void>((resolve) =>
      release.signal.addEventListener('abort', () => resolve()),
    );
    slow.during = ({ tenantId }) => (tenantId === crowded ? released : undefined);
    for (let stream = 0; stream < 30; stream += 1) {
      await append([slow, quick], crowded, randomUUID(), 1);
    }
    relay([slow, quick]);
    await eventually(() => quick.delivered.length === 30);
    const late = randomUUID();
    await append([slow, quick], other, late, 1);
    await eventually(() => slow.rangesOf(late).length === 1);
    expect(slow.delivered.map(({ tenantId }) => tenantId)).toEqual([other]);
    expect(slow.atOnce.size - 1).toBeLessThanOrEqual(4);
    release.abort();
    await eventually(() => slow.delivered.length === 31);
  });

  it('gives up on a delivery that takes too long, and tries it again', async () => {
    const consumer = new TestConsumer('test');
    const streamId = randomUUID();
    let tries = 0;
    consumer.during = async ({ signal: stop }) => {
      tries += 1;
      if (tries > 1) return;
      await new Promise((_resolve, reject) =>
        stop.addEventListener('abort', () => reject(stop.reason as Error)),
      );
    };
    await append([consumer], randomUUID(), streamId, 2);
    relay([consumer], { deliveryMs: 100 });
    await eventually(() => consumer.rangesOf(streamId).length === 1);
    expect(tries).toBe(2);
  });

  it('stops within the grace and leaves what it broke off to the next one, at once', async () => {
    const consumer = new TestConsumer('test');
    const streamId = randomUUID();
    let isUnderWay = false;
    consumer.during = () => {
      isUnderWay = true;
      return new Promise<void>(() => undefined);
    };
    await append([consumer], randomUUID(), streamId, 2);
    const first = relay([consumer]);
    await eventually(() => isUnderWay);
    const began = performance.now();
    await first.stop(200);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(await rowOf(streamId)).toMatchObject({ deliveredSeq: 0, failures: 0 });
    consumer.during = () => undefined;
    relay([consumer]);
    await eventually(() => consumer.rangesOf(streamId).length === 1);
  });
});
