/** Messages on their way: in order, at least once, and nobody waits for somebody else's receiver. */
import { DeliveryPurge } from '../../src/edges/notifications/deliveries/delivery-purge.js';
import { DeliveryTurn } from '../../src/edges/notifications/deliveries/delivery-turn.js';
import { Deliveries } from '../../src/edges/notifications/deliveries/deliveries.js';
import { PLACES } from '../../src/edges/notifications/deliveries/sender-places.js';
import { newId } from '../../src/kernel/ids.js';
import { notificationLimits } from '../../src/kernel/notification-limits.js';
import { TenantDirectory } from '../../src/tenancy/tenants/tenant-directory.js';
import { eventually } from '../support/eventually.js';
import { NotificationsRig, someMessage } from '../support/notifications-rig.js';
import { hang, Receiver } from '../support/receiver.js';

let rig: NotificationsRig;
let acme: Awaited<ReturnType<NotificationsRig['tenant']>>;
const receivers: Receiver[] = [];

beforeAll(async () => {
  rig = await NotificationsRig.start();
  acme = await rig.tenant();
});
afterAll(async () => {
  await Promise.all(receivers.map((each) => each.close()));
  await rig?.close();
});

async function receiving(): Promise<Receiver> {
  const made = await Receiver.start();
  receivers.push(made);
  return made;
}

const titled = (title: string) => ({ message: someMessage({ title }) });
const titlesOf = (receiver: Receiver) => receiver.bodies.map(({ title }) => title);
const isState = (id: string, state: string) =>
  eventually(async () => expect(await acme.delivery(id)).toMatchObject({ id, state }));

describe('a message', () => {
  it('arrives, and can be looked at with what was said to it', async () => {
    const receiver = await receiving();
    receiver.answer = () => ({ status: 202, body: 'got it' });
    const channel = await acme.webhook(receiver.url());
    const id = (await acme.enqueue({ channelId: channel.id }))!;
    await isState(id, 'delivered');
    expect(receiver.received[0]!.headers['webhook-id']).toBe(id);
    expect(receiver.bodies[0]).toMatchObject({
      id,
      type: 'deployment-failed',
      event: { name: 'deployment-failed', body: { module: 'orders', version: '2.1.0' } },
    });
    const { lastAttempts, message, ...shown } = await acme.delivery(id);
    expect(lastAttempts).toEqual([
      expect.objectContaining({ number: 1, outcome: 'taken', status: 202, answer: 'got it' }),
    ]);
    expect(message).toMatchObject({ fields: [{ name: 'Module', value: 'orders' }] });
    const list = async (filter: string) =>
      (await acme.admin('GET', `/deliveries?channelId=${channel.id}&${filter}`)).body.items;
    expect(await list('state=delivered&event=deployment-failed')).toEqual([shown]);
    expect(await list('state=dead')).toEqual([]);
    expect(await list('event=deployment-succeeded')).toEqual([]);
  });

  it('is put on its way once for an event, and not at all by what is rolled back', async () => {
    const receiver = await receiving();
    const { id: channelId } = await acme.webhook(receiver.url());
    const undone = acme.inTenant(async (open) => {
      const deliveries = rig.whole.get(Deliveries);
      const given = { channelId, subscriptionId: null, event: 'e', ...titled('undone') };
      await deliveries.enqueue(open, given);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const first = await acme.enqueue({ channelId, event: 's:1' });
    expect(first).not.toBeNull();
    expect(await acme.enqueue({ channelId, event: 's:1' })).toBeNull();
    expect(await acme.enqueue({ channelId, event: 's:1', subscriptionId: newId() })).not.toBeNull();
    expect(await acme.enqueue({ channelId: newId(), event: 's:1' })).toBeNull();
    await eventually(() => expect(receiver.received).toHaveLength(2));
    expect(titlesOf(receiver)).not.toContain('undone');
  });

  it('comes after the one before it, however often that is tried', async () => {
    const receiver = await receiving();
    const { id: channelId } = await acme.webhook(receiver.url());
    let left = 2;
    receiver.answer = () => ({ status: left-- > 0 ? 503 : 200 });
    const subscriptionId = newId();
    const ids: string[] = [];
    for (const title of ['one', 'two', 'three']) {
      ids.push((await acme.enqueue({ channelId, subscriptionId, ...titled(title) }))!);
    }
    for (const count of [1, 2]) {
      await eventually(async () =>
        expect(await acme.delivery(ids[0]!)).toMatchObject({
          attempts: count,
          reason: 'status-503',
          state: 'waiting',
        }),
      );
      await rig.hurry();
    }
    await isState(ids[2]!, 'delivered');
    expect(titlesOf(receiver)).toEqual(['one', 'one', 'one', 'two', 'three']);
    const sent = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(sent.slice(0, 3))).toEqual(new Set([ids[0]]));
  });

  it('waits longer each time, and as long as the receiver asks for', async () => {
    const receiver = await receiving();
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '600' } });
    const { id: channelId } = await acme.webhook(receiver.url());
    await acme.enqueue({ channelId });
    const dueIn = async () => {
      const [lane] = await rig.sql<{ seconds: number; failures: number }>(
        `select extract(epoch from due_at - now())::float8 as seconds, failures
         from delivery_lanes where channel_id = $1 and lease is null`,
        [channelId],
      );
      return lane!;
    };
    await eventually(async () => expect(await dueIn()).toMatchObject({ failures: 1 }));
    expect((await dueIn()).seconds).toBeGreaterThan(590);
    receiver.answer = () => ({ status: 503 });
    for (const failures of [2, 3, 4]) {
      await rig.hurry();
      await eventually(async () => expect(await dueIn()).toMatchObject({ failures }));
    }
    const { seconds } = await dueIn();
    expect(seconds).toBeGreaterThan(5.5);
    expect(seconds).toBeLessThan(10);
  });

  it('is a dead letter where the receiver does not take it, and can be sent again', async () => {
    const receiver = await receiving();
    receiver.answer = () => ({ status: 422, body: 'unknown type' });
    const { id: channelId } = await acme.webhook(receiver.url());
    const id = (await acme.enqueue({ channelId }))!;
    await isState(id, 'dead');
    expect(await acme.delivery(id)).toMatchObject({ reason: 'status-422', attempts: 1 });
    receiver.answer = () => ({});
    const again = await acme.admin('POST', `/deliveries/${id}/redeliver`);
    expect(again).toMatchObject({ status: 202, body: { id, state: 'waiting', redeliveries: 1 } });
    await isState(id, 'delivered');
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    const { lastAttempts } = await acme.delivery(id);
    expect(lastAttempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'taken',
      'refused',
    ]);
    const { admin: stranger } = await rig.tenant();
    expect((await stranger('POST', `/deliveries/${id}/redeliver`)).status).toBe(404);
    expect((await stranger('GET', `/deliveries/${id}`)).status).toBe(404);
  });

  it('is tried for a day, and then no more', async () => {
    const receiver = await receiving();
    receiver.answer = () => ({ status: 503 });
    const { id: channelId } = await acme.webhook(receiver.url());
    const old = (await acme.enqueue({ channelId }))!;
    await eventually(async () => expect(await acme.delivery(old)).toMatchObject({ attempts: 1 }));
    const young = (await acme.enqueue({ channelId }))!;
    receiver.answer = () => ({});
    const back = `update deliveries set queued_at = now() - interval '24 hours' where id = $1`;
    await rig.sql(back, [old]);
    expect((await acme.admin('POST', `/deliveries/${old}/redeliver`)).body.code).toBe(
      'delivery-under-way',
    );
    await rig.hurry();
    await isState(young, 'delivered');
    expect(await acme.delivery(old)).toMatchObject({ state: 'dead', reason: 'status-503' });
    expect(receiver.received.at(-1)!.headers['webhook-id']).toBe(young);
  });

  it('is kept as a dead letter where too many wait', async () => {
    const receiver = await receiving();
    const { id: channelId } = await acme.webhook(receiver.url());
    await acme.admin('POST', `/channels/${channelId}/disable`);
    const most = notificationLimits.deliveriesWaitingPerLane;
    await rig.sql(
      `insert into deliveries (tenant_id, id, channel_id, lane_id, seq, event_key, event_name,
         message_text)
       select $1, gen_random_uuid(), $2, $2, -i, i::text, 'x', '{}'
       from generate_series(1, $3::int) i`,
      [acme.id, channelId, most],
    );
    const id = (await acme.enqueue({ channelId }))!;
    expect(await acme.delivery(id)).toMatchObject({ state: 'dead', reason: 'too-many-waiting' });
    await rig.sql('delete from deliveries where channel_id = $1 and seq < 0', [channelId]);
    expect(await acme.delivery((await acme.enqueue({ channelId }))!)).toMatchObject({
      state: 'waiting',
    });
  });
});

describe('a receiver that hangs', () => {
  it('holds up neither another channel of its tenant nor another lane for long', async () => {
    const hanging = await receiving();
    hanging.answer = hang;
    const quick = await receiving();
    const { id: stuck } = await acme.webhook(hanging.url());
    const { id: channelId } = await acme.webhook(quick.url());
    for (let lane = 0; lane < 12; lane += 1) {
      await acme.enqueue({ channelId: stuck, subscriptionId: newId() });
    }
    await eventually(() =>
      expect(hanging.received.length).toBeGreaterThanOrEqual(PLACES.perChannel),
    );
    const began = performance.now();
    for (let lane = 0; lane < 12; lane += 1) {
      await acme.enqueue({ channelId, subscriptionId: newId() });
    }
    await eventually(() => expect(quick.received).toHaveLength(12));
    expect(performance.now() - began).toBeLessThan(4_000);
    // A claim that finds one under way may take as many again as a claim takes.
    expect(hanging.received.length).toBeLessThan(2 * PLACES.perChannel);
    await acme.admin('DELETE', `/channels/${stuck}`);
  });
});

describe('a channel', () => {
  it('whose receiver has gone is disabled, and what waits goes out when it is back', async () => {
    const receiver = await receiving();
    receiver.answer = () => ({ status: 410 });
    const { id: channelId } = await acme.webhook(receiver.url());
    const [first, second] = [
      (await acme.enqueue({ channelId }))!,
      (await acme.enqueue({ channelId }))!,
    ];
    await isState(first, 'dead');
    const { body } = await acme.admin('GET', `/channels/${channelId}`);
    expect(body).toMatchObject({ isEnabled: false, disabledWhy: 'gone' });
    const told = await rig.sql(
      `select body_text::jsonb ->> 'why' as why from audit_entries
       where subject_id = $1 and action = 'channel-disabled'`,
      [channelId],
    );
    expect(told).toEqual([{ why: 'gone' }]);
    expect(await acme.delivery(second)).toMatchObject({ state: 'waiting', attempts: 0 });
    const again = await acme.admin('POST', `/deliveries/${first}/redeliver`);
    expect(again.body.code).toBe('channel-disabled');
    receiver.answer = () => ({});
    await acme.admin('POST', `/channels/${channelId}/enable`);
    await isState(second, 'delivered');
  });

  it('that is deleted lets what waits be, to be read', async () => {
    const receiver = await receiving();
    const { id: channelId } = await acme.webhook(receiver.url());
    await acme.admin('POST', `/channels/${channelId}/disable`);
    const id = (await acme.enqueue({ channelId }))!;
    expect((await acme.admin('DELETE', `/channels/${channelId}`)).status).toBe(204);
    expect(await acme.delivery(id)).toMatchObject({
      state: 'dead',
      reason: 'channel-deleted',
      channelName: null,
    });
    const again = await acme.admin('POST', `/deliveries/${id}/redeliver`);
    expect(again.body.code).toBe('channel-not-found');
    expect(receiver.received).toEqual([]);
  });

  it('of a suspended tenant is told nothing until it is active again', async () => {
    const other = await rig.tenant();
    const receiver = await receiving();
    const { id: channelId } = await other.webhook(receiver.url());
    const set = (status: string) =>
      rig.sql(
        `update tenants set status = $2, changed_at = clock_timestamp(),
           suspended_at = case when $2 = 'suspended' then now() end where id = $1`,
        [other.id, status],
      );
    await set('suspended');
    await rig.whole.get(TenantDirectory).look();
    await other.enqueue({ channelId });
    const parked = `select 1 from delivery_lanes where channel_id = $1 and lease is null
      and due_at > now() + interval '5 minutes'`;
    await eventually(async () => expect(await rig.sql(parked, [channelId])).toHaveLength(1));
    expect(receiver.received).toEqual([]);
    await set('active');
    await rig.whole.get(TenantDirectory).look();
    await rig.hurry();
    await eventually(() => expect(receiver.received).toHaveLength(1));
  });
});

describe('a sender', () => {
  it('that has slept through its lease settles nothing', async () => {
    const receiver = await receiving();
    const { id: channelId } = await acme.webhook(receiver.url());
    let wake = () => undefined as void;
    receiver.answer = () => new Promise((resolve) => (wake = () => resolve({ status: 422 })));
    const turn = rig.whole.get(DeliveryTurn);
    const claimed = (lease: string) =>
      turn.take(
        { tenantId: acme.id, channelId, laneId: channelId, failures: 0, lease },
        new AbortController().signal,
      );
    const leased = `update delivery_lanes set lease = $2, lease_until = now() + interval '1 hour'
      where channel_id = $1`;
    const [first, second] = [newId(), newId()];
    // In the transaction in which it is enqueued, so that the sender of this process never sees it.
    const id = await acme.inTenant(async (open) => {
      const given = { channelId, subscriptionId: null, event: 'e', message: someMessage() };
      const made = await rig.whole.get(Deliveries).enqueue(open, given);
      await open.tx.execute(leased, [channelId, first]);
      return made!;
    });
    const sleeper = claimed(first);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    receiver.answer = () => ({});
    await rig.sql(leased, [channelId, second]);
    await claimed(second);
    expect(await acme.delivery(id)).toMatchObject({ state: 'delivered', attempts: 1 });
    wake();
    await sleeper;
    const { state, lastAttempts } = await acme.delivery(id);
    expect([state, lastAttempts.length]).toEqual(['delivered', 1]);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
  });

  it('removes what has had its time, in batches, and nothing that waits', async () => {
    const receiver = await receiving();
    const { id: channelId } = await acme.webhook(receiver.url());
    const done = (await acme.enqueue({ channelId }))!;
    await isState(done, 'delivered');
    await acme.admin('POST', `/channels/${channelId}/disable`);
    const waits = (await acme.enqueue({ channelId, subscriptionId: newId() }))!;
    await rig.sql(
      `update deliveries set created_at = now() - interval '40 days',
         done_at = done_at - interval '31 days' where channel_id = $1`,
      [channelId],
    );
    await rig.whole.get(DeliveryPurge).run();
    expect((await acme.admin('GET', `/deliveries/${done}`)).status).toBe(404);
    expect(await acme.delivery(waits)).toMatchObject({ state: 'waiting' });
    const lanes = 'select lane_id from delivery_lanes where channel_id = $1';
    expect(await rig.sql(lanes, [channelId])).toHaveLength(1);
  });
});
