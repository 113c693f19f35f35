import { simulate, allDefences, type Defences } from './simulate.js';

const SEEDS = 1_000;
/** Without a defence so many seeds are enough to see it. */
const SEEDS_TO_NOTICE = 100;

it(`holds every invariant over ${SEEDS} seeds of crashes, delays and verbs`, async () => {
  const ended = new Set<string>();
  let crashes = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const lived = await simulate(seed);
    crashes += lived.crashes;
    for (const status of lived.statuses) ended.add(status);
  }
  // A simulation in which nothing happens would hold every invariant, too.
  expect(crashes).toBeGreaterThan(SEEDS / 2);
  expect([...ended]).toEqual(
    expect.arrayContaining(['Succeeded', 'Failed', 'RolledBack', 'Cancelled']),
  );
}, 120_000);

it('is the same life for the same seed', async () => {
  expect(await simulate(7)).toEqual(await simulate(7));
});

async function firstViolation(defences: Partial<Defences>): Promise<string> {
  for (let seed = 1; seed <= SEEDS_TO_NOTICE; seed += 1) {
    try {
      await simulate(seed, { ...allDefences, ...defences });
    } catch (error) {
      return (error as Error).message;
    }
  }
  return 'nothing was noticed';
}

it('notices a store that does not fence', async () => {
  const message = await firstViolation({ fencing: false });
  expect(message).toMatch(/^I4: .* was written with fence/);
  expect(message).toMatch(/npm run simulate -- --seeds 1 --from \d+/);
}, 60_000);

it('notices an agent that forgets generations', async () => {
  expect(await firstViolation({ remembersGenerations: false })).toMatch(/^I4: .* went back from/);
}, 60_000);

it('notices when nobody looks for what is due', async () => {
  expect(await firstViolation({ dueLoop: false })).toMatch(/^I1: not over in time/);
}, 60_000);

it('notices two rollouts that do not wait for each other', async () => {
  expect(await firstViolation({ slot: false })).toMatch(/^slot: two runs are at work/);
}, 60_000);
