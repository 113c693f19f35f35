/**
 * Real processes, killed at every failpoint there is: an API, a worker, two agents, PostgreSQL and
 * Redis. Whatever dies is started again, and the deployment that was going on ends as if nothing had
 * been: once, with every effect once, in a journal without gaps. The rows are dealt out to several
 * files, each with processes of its own, so that they are played side by side.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { faultsOf } from '../chaos/checker.js';
import { readFailpoints } from '../chaos/failpoint-text.mjs';
import { World } from '../chaos/world.js';
import type { Client } from '../support/client.js';
import { nameOf, textOf, type KillRow } from './kill-rows.js';
import { Scenarios } from './kill-scenarios.js';

export function playRows(rows: readonly KillRow[]): void {
  jest.setTimeout(150_000);
  let world: World;
  let client: Client;
  let scenarios: Scenarios;

  beforeAll(async () => {
    world = await World.start({ apis: 1, workers: 1, nodes: 2 });
    client = await world.client();
    scenarios = await Scenarios.prepare(world);
  });

  afterAll(async () => {
    await world?.stop();
  });

  it.each(rows.map((row) => [nameOf(row), row] as const))('%s', async (_name, row) => {
    await scenarios.ready();
    const text = textOf(row);
    await world.arm(text);
    const { id, key, ends } = await scenarios.run(row.during);
    await scenarios.fired(readFailpoints(text)[0]!.text);
    await scenarios.ended(id, row.ends ?? ends);
    await world.arm('');
    await scenarios.settled();
    expect(await scenarios.again(key)).toBe(id);
    expect(await faultsOf(world, client, [id])).toEqual([]);
  });
}
