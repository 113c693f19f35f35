/**
 * No tenant learns of another: generated from the routes and messages that there are. Each place in a request that
 * can name a thing of a tenant's is filled with A's by everybody whom B has, and once more with a thing of nobody;
 * the answers must be the same, nothing of A may change, and nothing of A may be found anywhere that B or an
 * operator looks. A place of which nobody has said what it names fails with a sentence that says what to add.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isPlanted, PlantedModule } from './planted.js';
import { ask } from './inhabitant.js';
import { toldBy } from './cases.js';
import { staleLines, unknownPlaces } from './registry.js';
import { type Found, ofNobody, runCases } from './run-cases.js';
import { runSockets, unknownMessages } from './run-sockets.js';
import { rowsOf } from './traces.js';
import { TENANT_ROLES, World } from './world.js';

/** `npm run test:isolation -- --without-rls` says what it finds. */
const tell = (faults: readonly string[]) => {
  if (process.env.TIDEGATE_TEST_TELL) process.stdout.write(`${faults.join('\n')}\n`);
};

let world: World;
beforeAll(async () => {
  world = await World.build([PlantedModule]);
}, 120_000);
afterAll(() => world?.close());

const own = () => world.operations.filter((each) => !isPlanted(each));
const planted = () => world.operations.filter(isPlanted);
/** Of the operations in which something was found. */
const placesOf = (faults: readonly string[]) => [
  ...new Set(faults.map((fault) => fault.split(' (')[0]!)),
];

describe('two tenants of one installation', () => {
  let before: string[];
  let metricsBefore: string[];
  let found: Found;
  const isQuestioned = () => found !== undefined;

  it('have said of each place in each request what it names', () => {
    expect(unknownPlaces(own())).toEqual([]);
    expect(staleLines(own(), Object.keys(world.a.values))).toEqual([]);
    expect(unknownMessages(world)).toEqual([]);
  });

  it('answer for the other’s things as for nobody’s, whoever asks', async () => {
    before = await rowsOf(world.a);
    metricsBefore = await world.metrics();
    world.log.length = 0;
    const known = own().filter((each) => !ofNobody(each));
    found = await runCases(world, known);
    expect(found.faults).toEqual([]);
    expect(found.asked).toBeGreaterThan(400);
  }, 120_000);

  it('have been asked far enough to look something up', () => {
    expect(found.unreached).toEqual([]);
  });

  it('refuse the other’s name in X-Tenant as that of nobody', async () => {
    for (const name of [...TENANT_ROLES, 'access key']) {
      const token = await world.principals.get(name)!();
      const answers = await Promise.all(
        [world.a.slug, world.a.slug.replace(world.a.mark, world.nobody)].map(async (slug) => {
          const headers = { 'x-tenant': slug, 'x-act-as-reason': 'to see' };
          const asked = { method: 'GET', path: '/api/v1/environments', headers };
          return toldBy(await ask(world.whole.url, token, asked), slug);
        }),
      );
      expect(answers[0]!.status).toBe(403);
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  it('change nothing of each other', async () => {
    expect(isQuestioned()).toBe(true);
    expect(await rowsOf(world.a)).toEqual(before);
    expect(before.length).toBeGreaterThan(50);
  });

  it('leave nothing of each other in rows, log or metrics', async () => {
    expect(isQuestioned()).toBe(true);
    const { traces, a, b, log, sent } = world;
    const ofOthers = log.filter((line) => JSON.parse(line).tenantId !== a.id);
    expect(ofOthers.length).toBeGreaterThan(100);
    expect(ofOthers.flatMap((line) => traces.in(line, sent))).toEqual([]);
    expect((await rowsOf(b)).flatMap((line) => traces.in(line, sent))).toEqual([]);
    const metrics = await world.metrics();
    const moved = metrics.filter((line) => !metricsBefore.includes(line));
    expect(moved.length).toBeGreaterThan(10);
    expect(moved.flatMap((line) => traces.in(line))).toEqual([]);
  });

  it('tell nobody at the door who is whose', async () => {
    const { faults, asked } = await runCases(world, own().filter(ofNobody));
    expect(faults).toEqual([]);
    expect(asked).toBeGreaterThan(2);
  });

  it('hear nothing of each other over sockets', async () => {
    const heard = await runSockets(world);
    expect(heard.faults).toEqual([]);
    expect(heard.asked).toBeGreaterThan(30);
  }, 60_000);
});

describe('the test of isolation', () => {
  it('says what to add for a place of which nobody has said what it names', () => {
    expect(unknownPlaces(planted())).toEqual([
      expect.stringMatching(/boats\/\{id\}: nobody has said what \{id\} names\. Add .*"byPath"/),
      expect.stringMatching(/boats\/\{id\}: nobody has said what "colour" .*"byField"/),
    ]);
  });

  it('finds a statement that row-level security does not hold, with all else as it is', async () => {
    const { faults } = await runCases(world, planted());
    expect(placesOf(faults)).toEqual(['GET /api/v1/planted/system/nodes/{id}']);
  });

  it('finds a statement without a tenant when row-level security is off', async () => {
    await world.newcomer();
    await world.withoutRowLevelSecurity();
    const { faults } = await runCases(world, world.operations, 'lookups');
    tell(faults);
    const places = placesOf(faults);
    expect(places).toContain('GET /api/v1/planted/careless/clusters/{id}');
    // What the product asks has the tenant in each condition besides: it is held twice.
    expect(places.filter((name) => !name.includes('/planted/')).sort()).toEqual([]);
  }, 120_000);
});
