/**
 * Who follows all deployments and was away: what it is told when it comes back, and a real restart of the API
 * process under many of them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createTidegate, type LiveEvent } from '#sdk';
import { limits } from '../../src/kernel/limits.js';
import { newId } from '../../src/kernel/ids.js';
import { liveLimits } from '../../src/edges/realtime/live-limits.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { eventually } from '../support/fleet-app.js';
import { freePort } from '../support/free-port.js';
import { HubClient } from '../support/hub-client.js';
import { addEntries, deploymentRow, releaseRows, type Rows } from '../support/journal-rows.js';
import { testRedis, type TestRedis } from '../support/redis.js';
import { ServerProcess } from '../support/server-process.js';
import { WholeApp, type Member } from '../support/whole-app.js';

let redis: TestRedis;
let whole: WholeApp;
let rows: Rows;
let viewer: Member;
beforeAll(async () => {
  redis = await testRedis();
  whole = await WholeApp.start({ environment: { REDIS_URL: redis.url } });
}, 120_000);
beforeEach(async () => {
  rows = await releaseRows(whole, await whole.tenant(`acme-${newId().slice(-8)}`));
  viewer = await whole.member(rows.tenantId);
});
afterAll(async () => {
  await whole?.close();
  await redis?.stop();
});

const client = (member = viewer) => new HubClient(whole.socket({ token: member.token })).connect();
const upTo = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
const followAll = (hub: HubClient, since: string | null, seen: Record<string, number> = {}) =>
  hub.ask('SubscribeToAllDeployments', { since, seen });
/** Long enough ago that nothing of it can still be uncommitted. */
const soon = () => new Date(Date.now() - liveLimits.commitMs).toISOString();

async function born(): Promise<string> {
  const id = await deploymentRow(whole, rows);
  whole.get(Signal).publish(Topic.Deployment, id);
  return id;
}

const add = (id: string, count: number, status?: string) =>
  addEntries(whole, rows.tenantId, id, { count, ...(status ? { status } : {}) });

describe('who comes back', () => {
  it('hears from first to last of what began and ended meanwhile, and the rest of what went on', async () => {
    const [went, ended, untouched] = [await born(), await born(), await born()];
    const at = await add(went, 3, 'Running');
    const lastOfEnded = await add(ended, 2, 'Succeeded');
    const before = await client();
    const first = await followAll(before, null);
    expect(first).toEqual({
      since: expect.stringMatching(/^2.*Z$/),
      isResumed: false,
      reason: null,
      active: [
        { id: went, status: 'Running', sequence: at, after: at },
        { id: untouched, status: 'Pending', sequence: 1, after: 1 },
      ],
      ended: [],
    });
    before.socket.disconnect();
    const unseen = await born();
    const lastOfUnseen = await add(unseen, 4, 'Succeeded');
    const last = await add(went, 250, 'Succeeded');
    const begun = await born();

    const again = await client();
    const seen = { [went]: at, [untouched]: 1, [ended]: lastOfEnded };
    expect(await followAll(again, first.since, seen)).toMatchObject({
      isResumed: true,
      reason: null,
      active: [
        { id: untouched, sequence: 1, after: 1 },
        { id: begun, sequence: 1, after: 0 },
      ],
      ended: [
        { id: went, status: 'Succeeded', sequence: last, after: at },
        { id: unseen, status: 'Succeeded', sequence: lastOfUnseen, after: 0 },
      ],
    });
    await eventually(() => again.sequencesOf(begun).length > 0);
    await add(begun, 2, 'Succeeded');
    await eventually(() => again.sequencesOf(begun).includes(3));
    expect(again.sequencesOf(went)).toEqual(upTo(at + 1, last));
    expect(again.sequencesOf(unseen)).toEqual(upTo(1, lastOfUnseen));
    expect(again.sequencesOf(begun)).toEqual([1, 2, 3]);
    expect(again.sequencesOf(untouched)).toEqual([]);
    expect(again.sequencesOf(ended)).toEqual([]);
  });

  it('is told everything of the past before anything new, in order', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => born()));
    for (const id of ids) await add(id, 900);
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await Promise.all(ids.map((id) => add(id, 1)));
    })();
    const hub = await client();
    const { active } = await followAll(hub, soon());
    await eventually(() => ids.every((id) => hub.sequencesOf(id).length > 950), 30_000);
    isOver = true;
    await writing;
    const lasts = await Promise.all(ids.map((id) => add(id, 1)));
    await eventually(() => ids.every((id, at) => hub.sequencesOf(id).at(-1) === lasts[at]), 20_000);
    for (const [at, id] of ids.entries()) expect(hub.sequencesOf(id)).toEqual(upTo(1, lasts[at]!));
    const stood = new Map<string, number>(
      active.map(({ id, sequence }: { id: string; sequence: number }) => [id, sequence]),
    );
    const isNew = hub.events
      .filter(({ payload }) => payload.sequence !== undefined)
      .map(({ payload }) => payload.sequence > stood.get(payload.deploymentId as string)!);
    const firstNew = isNew.indexOf(true);
    expect(firstNew).toBeGreaterThanOrEqual(8 * 900);
    expect(isNew.lastIndexOf(false)).toBe(firstNew - 1);
  }, 60_000);

  it('is told when it was away for too long, and all the same what has become of what it knew', async () => {
    const [known, unknown] = [await born(), await born()];
    const last = await add(known, 2, 'Succeeded');
    await add(unknown, 2, 'Succeeded');
    const hub = await client();
    const since = new Date(Date.now() - liveLimits.sinceMs - 60_000).toISOString();
    expect(await followAll(hub, since, { [known]: 1, [newId()]: 5 })).toMatchObject({
      isResumed: false,
      reason: {
        code: 'since-too-old',
        message: expect.stringContaining('GET /api/v1/deployments'),
      },
      active: [],
      ended: [{ id: known, after: 1, sequence: last }],
    });
    await eventually(() => hub.sequencesOf(known).includes(last));
    expect(hub.of(unknown)).toEqual([]);
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expect(await followAll(await client(), future)).toMatchObject({
      isResumed: false,
      reason: { code: 'since-in-future' },
    });
  });

  it('is told how far it has got while it follows', async () => {
    const hub = await client();
    const { since } = await followAll(hub, null);
    const [event] = await eventually(() => {
      const told = hub.events.filter(({ name }) => name === 'DeploymentsUpTo');
      return told.length > 0 && told;
    }, 20_000);
    expect(Date.parse(event!.payload.since)).toBeGreaterThan(Date.parse(since));
    expect(Date.parse(event!.payload.since)).toBeLessThan(Date.now() - liveLimits.commitMs + 1);
  }, 30_000);

  it('is refused what is no time, no id or too much', async () => {
    const hub = await client();
    const many = Array.from({ length: liveLimits.seenDeployments + 1 }, () => [newId(), 1]);
    for (const body of [
      { since: 'yesterday' },
      { since: 5 },
      { seen: {} },
      { since: null, seen: { nobody: 1 } },
      { since: null, seen: { [newId()]: -1 } },
      { since: null, seen: { [newId()]: limits.journalEntries + 1 } },
      { since: null, seen: Object.fromEntries(many) },
      { since: null, more: 1 },
    ]) {
      const { error } = await hub.ask('SubscribeToAllDeployments', body);
      expect([body, error?.code]).toEqual([body, 'validation-failed']);
    }
  });

  it('finds by itself what was lost with the signals of more deployments than anybody counts', async () => {
    const hub = await client();
    await hub.ask('SubscribeToAllDeployments', {});
    const ids = await Promise.all(Array.from({ length: 120 }, () => deploymentRow(whole, rows)));
    await Promise.all(
      ids.map((id) =>
        addEntries(whole, rows.tenantId, id, { count: 2, status: 'Succeeded', isSignalled: false }),
      ),
    );
    await eventually(() => ids.every((id) => hub.sequencesOf(id).length === 3), 20_000);
    for (const id of ids) expect(hub.sequencesOf(id)).toEqual([1, 2, 3]);
  }, 40_000);
});

describe('a restart of the API process', () => {
  it('loses, doubles and turns round nothing for those who follow with the SDK', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const start = () => ServerProcess.start('api', { ...whole.variables, TIDEGATE_LISTEN: listen });
    let api = await start();
    const followers = Array.from({ length: 20 }, () => new Follower(api.url, viewer.token));
    const following = followers.map((each) => each.follow());
    const lasts = new Map<string, number>();
    const deploy = async (entries: number, pauseMs: number) => {
      const id = await born();
      await add(id, entries, 'Running');
      await delay(pauseMs);
      lasts.set(id, await add(id, 3, 'Succeeded'));
    };
    try {
      const begun = await born();
      await eventually(async () => {
        await add(begun, 1);
        return followers.every((each) => each.sequencesOf(begun).length > 0);
      }, 20_000);
      const going = Array.from({ length: 15 }, (_, at) => deploy(3, 300 * at));
      await delay(400);
      await api.kill();
      // Begin and end while nobody is there: more than any look at the newest would find.
      await Promise.all(Array.from({ length: 80 }, () => deploy(2, 0)));
      api = await start();
      await Promise.all(going);
      await Promise.all(Array.from({ length: 5 }, () => deploy(4, 100)));
      const isComplete = (follower: Follower) =>
        [...lasts].every(([id, last]) => follower.sequencesOf(id).at(-1) === last);
      await eventually(() => followers.every(isComplete), 60_000);
      expect(lasts.size).toBe(100);
      for (const follower of followers) {
        for (const [id, last] of lasts) expect(follower.sequencesOf(id)).toEqual(upTo(1, last));
        expect(follower.gaps).toEqual([]);
      }
    } finally {
      for (const follower of followers) follower.stop.abort();
      await Promise.all(following);
      await api.stop();
    }
  }, 150_000);
});

class Follower {
  readonly gaps: unknown[] = [];
  readonly stop = new AbortController();
  private readonly sequences = new Map<string, number[]>();

  constructor(
    private readonly baseUrl: string,
    private readonly token: string,
  ) {}

  async follow(): Promise<void> {
    const { baseUrl, token } = this;
    const { signal } = this.stop;
    try {
      for await (const event of createTidegate({ baseUrl, token }).followAll({ signal })) {
        if (event.name === 'Gap') this.gaps.push(event);
        else this.note(event as LiveEvent);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  sequencesOf(id: string): readonly number[] {
    return this.sequences.get(id) ?? [];
  }

  private note({ payload: { deploymentId, sequence } }: LiveEvent): void {
    if (sequence === undefined) return;
    this.sequences.set(deploymentId, [...this.sequencesOf(deploymentId), sequence]);
  }
}
