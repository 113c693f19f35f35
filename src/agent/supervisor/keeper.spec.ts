import { pino } from 'pino';
import type { Outcome } from '../journal/journal.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { Keeper } from './keeper.js';
import type { ModuleTools } from './module-tools.js';

const worker = (overlap: boolean): DesiredRelease => ({
  ...{ releaseId: 'r', version: '1', releaseDigest: 'sha256:r', artifactDigest: 'a' },
  ...{
    artifactBytes: 1,
    configurationId: null,
    configuration: {},
    signature: null,
    trafficPercent: 100,
  },
  manifestText: JSON.stringify({ schema: 1, run: { command: 'true' }, overlap }),
});

/** What serves is not there; whoever starts it waits for `started`. */
function bench(outcome: Outcome | null, { overlap = false } = {}) {
  let launches = 0;
  let fail = (_error: Error) => {};
  const started = new Promise<never>((_resolve, reject) => (fail = reject));
  started.catch(() => undefined);
  const serving = { generation: 1, releases: [worker(overlap)] };
  const tools = {
    journal: { module: () => ({ serving, outcome, accepted: null }) },
    instances: { all: () => [], target: () => undefined },
    releases: { install: () => Promise.resolve() },
    launcher: {
      ensure: () => {
        launches += 1;
        return started;
      },
    },
    log: pino({ level: 'silent' }),
    onChange: () => undefined,
  } as unknown as ModuleTools;
  const keeper = new Keeper(tools, 'm');
  return { keeper, fail, launches: () => launches };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const healthy: Outcome = { generation: 1, state: 'healthy' };

describe('a keeper', () => {
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

  it.each<[string, Outcome | null, boolean, number]>([
    ['starts what is not there', healthy, false, 1],
    ['leaves a worker alone that was stopped for the next one', null, false, 0],
    ['starts what may run beside the next one', null, true, 1],
  ])('%s', async (_what, outcome, overlap, count) => {
    const { keeper, launches } = bench(outcome, { overlap });
    keeper.look();
    await settled();
    expect(launches()).toBe(count);
    keeper.stop();
  });
});
