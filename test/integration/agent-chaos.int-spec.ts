import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Journal } from '../../src/agent/journal/journal.js';
import { AgentRig, eventually, Traffic } from '../support/agent-rig.js';

jest.setTimeout(120_000);

/** Named in a failure; `TIDEGATE_CHAOS_SEED` repeats it, `TIDEGATE_CHAOS_ROUNDS` makes it longer. */
const seed = Number(process.env.TIDEGATE_CHAOS_SEED ?? Date.now() % 1_000_000);
const rounds = Number(process.env.TIDEGATE_CHAOS_ROUNDS ?? 6);

function random(): () => number {
  let state = seed;
  return () => (state = (state * 48_271 + 11) % 2_147_483_647) / 2_147_483_647;
}

let rig: AgentRig;
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(() => rig.dispose());

it(`survives kill -9 at any moment of many swaps, seed ${seed}`, async () => {
  const next = random();
  rig.run();
  rig.desire(1, [await rig.server('v1')]);
  await rig.until(1, 'healthy');
  const traffic = new Traffic(rig, 2);
  for (let generation = 2; generation < rounds + 2; generation += 1) {
    const version = `v${generation}`;
    rig.desire(generation, [await rig.server(version)]);
    for (let kills = Math.floor(next() * 3); kills >= 0; kills -= 1) {
      await pause(next() * 900);
      await rig.end('SIGKILL');
      rig.run();
    }
    await rig.until(generation, 'healthy');
    await eventually('it answers', () => traffic.versions.has(version));
    expect([version, rig.starts(version)]).toEqual([version, 1]);
    expect(traffic.failures).toEqual([]);
  }
  await traffic.end();
  const ended = () => rig.diary.filter((line) => line.includes(' term ')).length;
  await eventually('all old ones end', () => ended() === rounds);
  await eventually('the agent knows it', () => rig.instances() === 1);
  await rig.end('SIGKILL');
  expect(Journal.open(join(rig.directory, 'journal')).instances()).toHaveLength(1);
});
