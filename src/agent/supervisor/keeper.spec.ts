import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pino } from 'pino';
import { ManualClock } from '../../kernel/clock.js';
import type { InstanceRecord, Journal, Outcome } from '../journal/journal.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { Keeper } from './keeper.js';
import type { Failure, ModuleTools } from './module-tools.js';
import { slotOf } from './release-spec.js';
import { Rounds } from './rounds.js';
import { bootId, isAlive, startTimeOf } from './proc.js';
import { endFamily } from './end-family.js';
import { Families } from './families.js';
import { Instances, isRunning } from './instances.js';

const worker = (overlap: boolean): DesiredRelease => ({
  releaseId: 'r',
  version: '1',
  releaseDigest: 'sha256:r',
  artifactDigest: 'a',
  artifactBytes: 1,
  configurationId: null,
  configuration: {},
  signature: null,
  trafficPercent: 100,
  manifestText: JSON.stringify({ schema: 1, run: { command: 'true' }, overlap }),
});

/** What serves is not there; whoever starts it waits for `started`. */
function bench(outcome: Outcome | null, { overlap = false, madeRoomFor = 0 } = {}) {
  let launches = 0;
  let fail = (_error: Error) => {};
  const started = new Promise<never>((_resolve, reject) => (fail = reject));
  started.catch(() => undefined);
  const serving = { generation: 1, releases: [worker(overlap)] };
  const accepted = { module: { name: 'm', generation: 2 }, digest: 'd' };
  let install: Promise<void> = Promise.resolve();
  const others: InstanceRecord[] = [];
  const present: { record?: InstanceRecord; isHeardOf: boolean } = { isHeardOf: true };
  const instances = new Instances({} as Journal, new Families());
  const clock = new ManualClock(0);
  const own = new Set<string>();
  const noted: string[] = [];
  const tools = {
    clock,
    rounds: new Rounds(clock, () => () => undefined),
    journal: { module: () => ({ serving, outcome, accepted, madeRoomFor }) },
    instances: {
      all: () => others,
      target: () => present.record,
      runs: (one: InstanceRecord) => own.has(one.instance) || isRunning(one),
      isOwn: (one: InstanceRecord) => own.has(one.instance),
      isOver: (one: InstanceRecord) => instances.isOver(one),
    },
    releases: { install: () => install },
    launcher: {
      output: () => ({ rotate: () => 0 }),
      ends: { hasHeardOf: () => present.isHeardOf },
      lastWords: () => 'It exited with code 7.',
      ensure: () => {
        launches += 1;
        return started;
      },
    },
    failures: { note: ({ code }: Failure) => noted.push(code) },
    log: pino({ level: 'silent' }),
    onChange: () => undefined,
  } as unknown as ModuleTools;

  const keeper = new Keeper(tools, 'm');
  return {
    keeper,
    clock,
    own,
    noted,
    fail,
    serving,
    others,
    present,
    launches: () => launches,
    installs: (until: Promise<void>) => (install = until),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const healthy: Outcome = { generation: 1, state: 'healthy' };

const sleepers: ChildProcess[] = [];
afterEach(() => {
  for (const child of sleepers.splice(0)) child.kill('SIGKILL');
});

/** A process that runs until it is killed. */
function sleeper() {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  sleepers.push(child);
  const pid = child.pid!;
  const exited = once(child, 'exit');
  const end = () => {
    child.kill('SIGKILL');
    return exited;
  };
  return { identity: { pid, startTime: startTimeOf(pid), bootId }, end };
}

describe('a keeper', () => {
  it('looks closely at what another agent has started, and finds its end by itself', async () => {
    const { keeper, present } = bench(healthy);
    const { identity, end } = sleeper();
    const named = { moduleId: 'm', moduleName: 'orders', release: worker(false) };
    present.record = { instance: 'i', identity, ...named } as InstanceRecord;
    keeper.look();
    expect(keeper.isCalm).toBe(false);
    expect(keeper.trouble()).toBeNull();
    await end();
    keeper.look();
    expect(keeper.trouble()?.reason.code).toBe('restarting');
    keeper.stop();
  });

  it('is calm about its own, of whose end it hears, and reads nothing about them', () => {
    const { keeper, present, own } = bench(healthy);
    // As /proc has it there is no such process; nobody asks.
    const identity = { pid: 2 ** 22, startTime: '1', bootId };
    const named = { moduleId: 'm', moduleName: 'orders', release: worker(false) };
    present.record = { instance: 'i', identity, ...named } as InstanceRecord;
    own.add('i');
    keeper.look();
    expect([keeper.isCalm, keeper.trouble()]).toEqual([true, null]);
    own.delete('i');
    keeper.look();
    expect([keeper.isCalm, keeper.trouble()?.reason.code]).toEqual([false, 'restarting']);
    keeper.stop();
  });

  it('counts each end once, however often it looks, and none twice when the clock jumps', () => {
    const { keeper, present, own, clock } = bench(healthy);
    const identity = { pid: 2 ** 22, startTime: '1', bootId };
    const named = { moduleId: 'm', moduleName: 'orders', release: worker(false) };
    const crash = (instance: string) => {
      present.record = { instance, identity, ...named } as InstanceRecord;
      own.add(instance);
      keeper.look();
      own.delete(instance);
      // It hears of it, and looks in its round as well.
      for (let look = 0; look < 3; look += 1) keeper.look();
      return keeper.trouble()?.reason;
    };
    expect(crash('a')?.code).toBe('restarting');
    expect(crash('b')?.code).toBe('restarting');
    expect(crash('c')).toMatchObject({
      code: 'crash-loop',
      message: expect.stringContaining('3 times in a minute') as string,
    });
    clock.advance(3_600_000);
    expect(crash('d')?.code).toBe('restarting');
    keeper.stop();
  });

  it('says of what has crashed how it ended, however early it sees that it has', async () => {
    const { keeper, present } = bench(healthy);
    const identity = { pid: 2 ** 22, startTime: '1', bootId };
    const named = { moduleId: 'm', moduleName: 'orders', release: worker(false) };
    present.record = { instance: 'i', identity, ...named } as InstanceRecord;
    present.isHeardOf = false;
    keeper.look();
    expect(keeper.trouble()).toBeNull();
    present.isHeardOf = true;
    keeper.look();
    expect(keeper.trouble()).toMatchObject({
      reason: { code: 'restarting', message: 'orders 1: It exited with code 7.' },
    });
    keeper.stop();
  });

  it('says nothing of what is only kept when asked how the module is, and all when asked for it', () => {
    const { keeper, present, serving } = bench(healthy);
    const identity = { pid: 2 ** 22, startTime: '1', bootId };
    const kept = { ...worker(true), isKept: true as const };
    serving.releases = [kept];
    const named = { moduleId: 'm', moduleName: 'orders', release: kept };
    present.record = { instance: 'i', identity, ...named } as InstanceRecord;
    keeper.look();
    expect(keeper.trouble()).toBeNull();
    expect(keeper.reasonOf(slotOf(kept))).toMatchObject({ code: 'restarting' });
    keeper.stop();
  });

  it('calls a loop what does not get up again, however long each of its starts takes', async () => {
    const { keeper, fail, launches, clock } = bench(healthy, { overlap: true });
    fail(new Error('it was not healthy within 90 s'));
    for (let start = 1; start <= 3; start += 1) {
      clock.advance(120_000);
      keeper.look();
      await settled();
      expect(launches()).toBe(start);
      expect(keeper.trouble()?.reason.code).toBe(start < 3 ? 'restarting' : 'crash-loop');
    }
    expect(keeper.trouble()?.reason.message).toMatch(/could not be started 3 times in a row/);
    keeper.stop();
  });

  it('is not held before it is known what it was about to start', async () => {
    const { keeper, fail, launches } = bench(healthy);
    keeper.look();
    await settled();
    expect(launches()).toBe(1);
    let isHeld = false;
    const held = keeper.hold().then(() => (isHeld = true));
    await settled();
    expect(isHeld).toBe(false);
    fail(new Error('it was stopped'));
    await held;
    keeper.look();
    await settled();
    expect(launches()).toBe(1);
    keeper.stop();
  });

  it.each<[string, Outcome | null, { overlap?: boolean; madeRoomFor?: number }, number]>([
    ['starts what is not there', healthy, {}, 1],
    ['leaves a worker alone that was stopped for the next one', null, { madeRoomFor: 2 }, 0],
    ['starts what may run beside the next one', null, { overlap: true, madeRoomFor: 1 }, 1],
    ['leaves alone what the next one cannot bear', null, { overlap: true, madeRoomFor: 2 }, 0],
  ])('%s', async (_what, outcome, more, count) => {
    const { keeper, launches } = bench(outcome, more);
    keeper.look();
    await settled();
    expect(launches()).toBe(count);
    keeper.stop();
  });

  it('starts nothing beside what a dead leader has left of its group', async () => {
    const { keeper, launches, others } = bench(healthy);
    const leader = spawn('sh', ['-c', 'sleep 60 & exit'], { detached: true, stdio: 'ignore' });
    const pid = leader.pid!;
    const identity = { pid, startTime: startTimeOf(pid), bootId };
    await once(leader, 'exit');
    try {
      expect(isAlive(identity)).toBe(false);
      others.push({ instance: 'old', slot: 'old', release: worker(false), identity } as never);
      keeper.look();
      await settled();
      expect(launches()).toBe(0);
    } finally {
      await endFamily(new Families(), { id: 'old', identity }, 1000);
    }
    keeper.look();
    await settled();
    expect(launches()).toBe(1);
    keeper.stop();
  });

  it('brings a worker back when the one it was stopped for was overtaken, and the next takes long', async () => {
    const { keeper, launches, clock } = bench(null, { madeRoomFor: 1 });
    keeper.look();
    await settled();
    expect(launches()).toBe(0);
    clock.advance(5000);
    keeper.look();
    await settled();
    expect(launches()).toBe(1);
    keeper.stop();
  });

  it('starts nothing that has come to serve no more while it was made ready', async () => {
    const { keeper, launches, installs, serving } = bench(healthy);
    let ready = () => {};
    void installs(new Promise((resolve) => (ready = resolve)));
    keeper.look();
    await settled();
    await keeper.hold();
    keeper.unhold();
    serving.releases = [];
    ready();
    await settled();
    expect(launches()).toBe(0);
    keeper.stop();
  });
});
