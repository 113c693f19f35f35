/**
 * What a receiver feels of another one that hangs: messages of two tenants to receivers on this machine, by one
 * worker, PostgreSQL with the durability of production. Once with all receivers well; once while one channel
 * of the same tenant, with many lanes, never answers.
 *
 *   npm run bench:deliveries -- --help
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Deliveries } from '../src/edges/notifications/deliveries/deliveries.js';
import { newId } from '../src/kernel/ids.js';
import { Context } from '../src/platform/context.js';
import { REDIS_PREFIX } from '../src/platform/redis-prefix.js';
import { RedisSignal } from '../src/platform/signal/redis-signal.js';
import { Client } from '../test/support/client.js';
import { readOptions } from '../test/support/options.js';
import { hang, Receiver } from '../test/support/receiver.js';
import { percentile, printTable, spread } from './engine/figures.js';
import { Rig } from './engine/rig.js';

const options = readOptions('How long messages take while a receiver hangs.', {
  messages: [600, 'in each of the two rounds', 1],
  rate: [20, 'messages a second', 1],
  lanes: [50, 'of the channel that hangs, each with a message', 1],
  limit: [1_000, 'ms within which 99 of 100 arrive beside it; 0: whatever it takes'],
});

const CHANNELS = 5;
const rig = await Rig.start({ environment: { TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' } });
try {
  const api = await rig.startApi();
  await rig.startWorker();
  const client = await Client.login(api.url, 'admin', 'correct horse battery');
  const quick = await receiving();
  const stuck = await receiving();
  stuck.answer = hang;
  const channels = await Promise.all(
    Array.from({ length: CHANNELS }, (_, at) => channel(client, `quick-${at}`, quick)),
  );
  const hanging = await channel(client, 'hanging', stuck);
  const send = await sender();
  const alone = await round(send, channels, quick);
  for (let lane = 0; lane < options.lanes; lane += 1) await send(hanging, `stuck-${lane}`, newId());
  while (stuck.received.length === 0) await delay(10);
  const beside = await round(send, channels, quick);
  printTable('Deliveries', [
    ['from the commit until the receiver has it', 'figure'],
    ['all receivers are well', spread(alone)],
    [`one hangs, with ${options.lanes} lanes (${stuck.received.length} attempts)`, spread(beside)],
  ]);
  const p99 = percentile(beside, 99);
  if (options.limit > 0 && p99 > options.limit) {
    throw new Error(`p99 is ${p99.toFixed(0)} ms, more than ${options.limit}`);
  }
} finally {
  await rig.stop();
}

async function receiving(): Promise<Receiver> {
  const made = await Receiver.start();
  rig.later(() => made.close());
  return made;
}

async function channel(client: Client, name: string, to: Receiver): Promise<string> {
  const body = { name, kind: 'webhook', params: { url: to.url() } };
  const made = await client.post('/channels', body);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return made.body.id as string;
}

/** Enqueues as whoever has something to tell does, in a transaction of the tenant. */
async function sender() {
  const signal = new RedisSignal(rig.redisUrl, `${REDIS_PREFIX}:signals`, () => undefined);
  rig.later(() => signal.close());
  const deliveries = new Deliveries(signal);
  const [row] = await rig.sql<{ id: string }>(`select id from tenants where slug = 'default'`);
  const ctx = Context.system(row!.id, 'bench');
  return (channelId: string, title: string, subscriptionId: string | null) =>
    rig.database.transaction(ctx, (open) =>
      deliveries.enqueue(open, {
        channelId,
        subscriptionId,
        event: newId(),
        message: about(title),
      }),
    );
}

function about(title: string) {
  const subject = { kind: 'deployment', id: newId() };
  const event = { name: 'bench', id: newId(), at: new Date().toISOString(), tenant: 'default' };
  const body = { module: 'orders' };
  return {
    title,
    text: '',
    html: null,
    link: null,
    fields: [],
    event: { ...event, subject, body },
  };
}

/** How long each took, in milliseconds, at a steady rate. */
async function round(
  send: Awaited<ReturnType<typeof sender>>,
  channels: readonly string[],
  receiver: Receiver,
): Promise<number[]> {
  const committed = new Map<string, number>();
  const from = receiver.received.length;
  const began = performance.now();
  for (let nth = 0; nth < options.messages; nth += 1) {
    const title = newId();
    await send(channels[nth % channels.length]!, title, newId());
    committed.set(title, performance.now());
    await delay(Math.max(0, began + ((nth + 1) * 1_000) / options.rate - performance.now()));
  }
  const isAll = () => receiver.received.length - from >= options.messages;
  for (let waits = 0; !isAll() && waits < 3_000; waits += 1) await delay(10);
  if (!isAll()) throw new Error('not every message has arrived within half a minute');
  return receiver.received.slice(from).map(({ body, at }) => {
    const { title } = JSON.parse(body) as { title: string };
    return Math.max(0, at - committed.get(title)!);
  });
}
