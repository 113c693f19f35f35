import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import { Database } from '../../src/platform/database/database.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { eventually } from '../support/fleet-app.js';
import { HubClient } from '../support/hub-client.js';
import { addEntries, deploymentRow, releaseRows, type Rows } from '../support/journal-rows.js';
import { WholeApp, type Member } from '../support/whole-app.js';

let whole: WholeApp;
let rows: Rows;
let viewer: Member;
beforeAll(async () => {
  whole = await WholeApp.start();
  rows = await releaseRows(whole, await whole.tenant('acme'));
  viewer = await whole.member(rows.tenantId);
});
afterAll(() => whole?.close());

const client = (member = viewer) => new HubClient(whole.socket({ token: member.token })).connect();
const upTo = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function received(hub: HubClient, id: string, last: number, deadlineMs = 8_000) {
  await eventually(() => hub.sequencesOf(id).includes(last), deadlineMs);
  return hub.sequencesOf(id);
}

describe('a subscription', () => {
  it('is told where the deployment is, then of every event in order', async () => {
    const id = await deploymentRow(whole, rows);
    const hub = await client();
    expect(await hub.ask('SubscribeToDeployment', { deploymentId: id })).toEqual({
      deploymentId: id,
      status: 'Pending',
      sequence: 1,
    });
    await addEntries(whole, rows.tenantId, id, { count: 3, status: 'Running' });
    await addEntries(whole, rows.tenantId, id, { count: 300 });
    const last = await addEntries(whole, rows.tenantId, id, { count: 2, status: 'Succeeded' });
    expect(await received(hub, id, last)).toEqual(upTo(2, last));
    const [note, , running] = hub.of(id);
    expect(note).toEqual({
      name: 'DeploymentProgress',
      deploymentId: id,
      sequence: 2,
      step: 'w1.move',
      wave: 0,
      percent: 0,
      waitingOn: null,
      at: expect.stringMatching(/^2.*Z$/),
    });
    expect(running).toEqual({
      name: 'DeploymentStatusChanged',
      deploymentId: id,
      sequence: 4,
      status: 'Running',
      previousStatus: 'Pending',
      at: expect.any(String),
    });
  });

  it('goes on after the last sequence that the client has seen, however long ago', async () => {
    const id = await deploymentRow(whole, rows);
    const last = await addEntries(whole, rows.tenantId, id, { count: 999, status: 'Running' });
    const hub = await client();
    const ask = await hub.ask('SubscribeToDeployment', { deploymentId: id, afterSequence: 7 });
    expect(ask).toMatchObject({ status: 'Running', sequence: last });
    expect(await received(hub, id, last)).toEqual(upTo(8, last));
  });

  it('gives each of many clients its own place in one journal that is being written', async () => {
    const id = await deploymentRow(whole, rows);
    await addEntries(whole, rows.tenantId, id, { count: 250 });
    const hubs = await Promise.all(
      [0, 1, 100, 251].map(async (after) => ({ after, hub: await client() })),
    );
    const writing = (async () => {
      for (let round = 0; round < 20; round += 1) {
        await addEntries(whole, rows.tenantId, id, { count: 13 });
      }
    })();
    for (const { after, hub } of hubs) {
      await hub.ask('SubscribeToDeployment', { deploymentId: id, afterSequence: after });
    }
    await writing;
    const last = 251 + 20 * 13;
    for (const { after, hub } of hubs) {
      expect(await received(hub, id, last)).toEqual(upTo(after + 1, last));
    }
  });

  it('finds by itself what no signal told', async () => {
    const id = await deploymentRow(whole, rows);
    const hub = await client();
    await hub.ask('SubscribeToDeployment', { deploymentId: id });
    const last = await addEntries(whole, rows.tenantId, id, { count: 2, isSignalled: false });
    expect(await received(hub, id, last, 12_000)).toEqual([2, 3]);
  }, 20_000);

  it('ends when it is taken back', async () => {
    const [one, other] = [await deploymentRow(whole, rows), await deploymentRow(whole, rows)];
    const hub = await client();
    for (const deploymentId of [one, other]) {
      await hub.ask('SubscribeToDeployment', { deploymentId });
    }
    expect(await hub.ask('UnsubscribeFromDeployment', { deploymentId: one })).toEqual({
      deploymentId: one,
    });
    await addEntries(whole, rows.tenantId, one, { count: 1 });
    const last = await addEntries(whole, rows.tenantId, other, { count: 1 });
    await received(hub, other, last);
    expect(hub.of(one)).toEqual([]);
  });

  it('says what is being waited for, with the same sequence, when only that changes', async () => {
    const id = await deploymentRow(whole, rows);
    const hub = await client();
    await hub.ask('SubscribeToDeployment', { deploymentId: id });
    const waitingOn = {
      kind: 'converge',
      since: 1_700_000_000_000,
      until: 1_700_000_060_000,
      who: 'the nodes',
      verb: null,
      detail: '2 of 3 nodes run it',
    };
    await whole
      .get(Database)
      .system((tx) =>
        tx.execute('update runs set waiting_on = $2 where id = $1', [
          id,
          JSON.stringify(waitingOn),
        ]),
      );
    whole.get(Signal).publish(Topic.Deployment, id);
    const [event] = await eventually(() => hub.of(id).length > 0 && hub.of(id));
    expect(event).toMatchObject({
      name: 'DeploymentProgress',
      sequence: 1,
      waitingOn: {
        kind: 'converge',
        detail: '2 of 3 nodes run it',
        since: '2023-11-14T22:13:20.000Z',
      },
    });
  });

  it('says that no worker takes what is due', async () => {
    const id = await deploymentRow(whole, rows);
    const hub = await client();
    await hub.ask('SubscribeToDeployment', { deploymentId: id });
    await whole
      .get(Database)
      .system((tx) =>
        tx.execute(
          `update runs set wake_at = clock_timestamp() - interval '1 minute' where id = $1`,
          [id],
        ),
      );
    whole.get(Signal).publish(Topic.Deployment, id);
    const [event] = await eventually(() => hub.of(id).length > 0 && hub.of(id));
    expect(event).toMatchObject({ sequence: 1, waitingOn: { kind: 'worker', until: null } });
  });
});

describe('a subscription to everything', () => {
  it('begins with a snapshot of what is active, then tells of those and of new ones', async () => {
    const acme = await releaseRows(whole, await whole.tenant('snapshots'));
    const member = await whole.member(acme.tenantId);
    const [running, over] = [await deploymentRow(whole, acme), await deploymentRow(whole, acme)];
    const at = await addEntries(whole, acme.tenantId, running, { count: 4, status: 'Running' });
    await addEntries(whole, acme.tenantId, over, { count: 1, status: 'Succeeded' });
    const hub = await client(member);
    expect(await hub.ask('SubscribeToAllDeployments')).toEqual([
      { id: running, status: 'Running', sequence: at },
    ]);
    const born = await deploymentRow(whole, acme);
    whole.get(Signal).publish(Topic.Deployment, born);
    const ends = await Promise.all(
      [running, born].map((id) =>
        addEntries(whole, acme.tenantId, id, { count: 3, status: 'Succeeded' }),
      ),
    );
    expect(await received(hub, running, ends[0]!)).toEqual(upTo(at + 1, ends[0]!));
    expect(await received(hub, born, ends[1]!)).toEqual(upTo(1, ends[1]!));
    expect(hub.of(over)).toEqual([]);
    expect(await hub.ask('UnsubscribeFromAllDeployments', {})).toEqual({});
    expect(await hub.ask('SubscribeToAllDeployments', null)).toEqual([]);
  });

  it('finds a new one by itself when its signals are lost', async () => {
    const hub = await client();
    await hub.ask('SubscribeToAllDeployments');
    const id = await deploymentRow(whole, rows);
    const last = await addEntries(whole, rows.tenantId, id, {
      count: 2,
      status: 'Succeeded',
      isSignalled: false,
    });
    expect(await received(hub, id, last, 12_000)).toEqual([1, 2, 3]);
  }, 20_000);
});

describe('another tenant', () => {
  it('is not seen: its deployments are answered as if they had never been', async () => {
    const foreign = await releaseRows(whole, await whole.tenant('foreign'));
    const id = await deploymentRow(whole, foreign);
    const hub = await client();
    const answers = [];
    for (const deploymentId of [id, newId()]) {
      const { error } = await hub.ask('SubscribeToDeployment', { deploymentId, afterSequence: 0 });
      answers.push({ ...error, id: 'any' });
    }
    expect(answers[0]).toEqual({
      code: 'deployment-not-found',
      message: 'There is no such deployment.',
      id: 'any',
    });
    expect(answers[1]).toEqual(answers[0]);

    await hub.ask('SubscribeToAllDeployments');
    await addEntries(whole, foreign.tenantId, id, { count: 3, status: 'Running' });
    const own = await deploymentRow(whole, rows);
    const last = await addEntries(whole, rows.tenantId, own, { count: 1 });
    await received(hub, own, last);
    expect(hub.events.filter(({ payload }) => payload.deploymentId === id)).toEqual([]);
  });
});

describe('a gate', () => {
  it('is shown as it is, at most once a second', async () => {
    const id = await deploymentRow(whole, rows);
    const hub = await client();
    await hub.ask('SubscribeToDeployment', { deploymentId: id });
    const measure = (value: number) => ({ value, baseline: 1, allowed: 2, ok: value <= 2 });
    const look = async (n: number) => {
      const reading = {
        ageS: n,
        requests: 10,
        errors: measure(0),
        latency: measure(n),
        cpu: measure(1),
        memory: measure(1),
        scores: {},
        checks: n,
        consecutiveGood: n,
        incomplete: false,
        counterResets: 0,
      };
      const gate = {
        stepId: 'w1.gate',
        n,
        readTo: 1_700_000_000_000,
        state: {},
        verdict: 'waiting',
      };
      await whole
        .get(Database)
        .system((tx) =>
          tx.execute('update runs set gate = $2 where id = $1', [
            id,
            JSON.stringify({ ...gate, reason: 'not yet', reading }),
          ]),
        );
      whole.get(Signal).publish(Topic.Gate, id);
    };
    const began = performance.now();
    let n = 0;
    while (performance.now() - began < 2_300) {
      await look((n += 1));
      await delay(20);
    }
    const shown = await eventually(() => {
      const looks = hub.of(id).filter(({ name }) => name === 'DeploymentGateChecked');
      return looks.at(-1)?.reading.checks === n && looks;
    });
    expect(shown.length).toBeGreaterThanOrEqual(3);
    expect(shown.length).toBeLessThanOrEqual(5);
    expect(shown.at(-1)).toMatchObject({
      deploymentId: id,
      step: 'w1.gate',
      verdict: 'waiting',
      reason: 'not yet',
      limits: { errors: 2, latency: 2, cpu: 2, memory: 2 },
      at: '2023-11-14T22:13:20.000Z',
    });
    expect(shown[0]).not.toHaveProperty('sequence');
  }, 20_000);
});

describe('a client that does not read', () => {
  it('is cut before it costs memory, and misses nothing when it comes back', async () => {
    const ids = [await deploymentRow(whole, rows), await deploymentRow(whole, rows)];
    const more = await Promise.all(Array.from({ length: 4 }, () => deploymentRow(whole, rows)));
    ids.push(...more);
    for (const id of ids) {
      await addEntries(whole, rows.tenantId, id, { count: limits.journalEntries - 1 });
    }
    const hub = await client();
    const { transport } = (hub.socket.io as never as { engine: { transport: unknown } }).engine;
    const raw = (transport as { ws: { _socket: { pause(): void; resume(): void } } }).ws._socket;
    for (const deploymentId of ids) {
      hub.socket.emit('SubscribeToDeployment', { deploymentId, afterSequence: 0 });
    }
    raw.pause();
    const gone = hub.disconnected();
    const isCut = async () => {
      const { text } = await whole.get(Metrics).expose('text/plain');
      return text.includes('tidegate_sockets_cut_total{reason="slow"} 1');
    };
    await eventually(isCut, 120_000);
    raw.resume();
    await gone;
    const seen = hub.sequencesOf(ids.at(-1)!).at(-1) ?? 0;
    const again = await client();
    await again.ask('SubscribeToDeployment', { deploymentId: ids.at(-1), afterSequence: seen });
    expect(await received(again, ids.at(-1)!, limits.journalEntries, 110_000)).toEqual(
      upTo(seen + 1, limits.journalEntries),
    );
  }, 300_000);
});
