/**
 * Real processes, killed at every failpoint there is: an API, a worker, two agents, PostgreSQL and
 * Redis. Whatever dies is started again, and the deployment that was going on ends as if nothing had
 * been: once, with every effect once, in a journal without gaps.
 */
import { readdirSync } from 'node:fs';
import { jest } from '@jest/globals';
import { commitNames, failpoints } from '../../src/kernel/failpoint.js';
import { faultsOf } from '../chaos/checker.js';
import { readFailpoints } from '../chaos/failpoint-text.mjs';
import { World } from '../chaos/world.js';
import type { Client } from '../support/client.js';
import { killRows, nameOf, textOf } from './kill-rows.js';
import { Scenarios } from './kill-scenarios.js';

jest.setTimeout(150_000);

describe('a process that dies at a failpoint', () => {
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

  it('has a row for every failpoint, every named commit and every kind of step', () => {
    const rows = new Set(killRows.map(({ at }) => at));
    expect(failpoints.filter((at) => !rows.has(at))).toEqual([]);
    const aboutOf = (wanted: string) =>
      killRows.flatMap(({ at, about, action }) =>
        at === wanted && action === 'kill' ? [about] : [],
      );
    for (const at of ['database.commit:before', 'database.commit:after']) {
      expect(new Set(aboutOf(at))).toEqual(new Set(commitNames));
    }
    const kinds = readdirSync('src/deployments/steps')
      .filter((name) => name.endsWith('.step.ts'))
      .map((name) => name.replace('.step.ts', ''));
    expect(aboutOf('engine.action:after-effect').sort()).toEqual(kinds.sort());
  });

  it.each(killRows.map((row) => [nameOf(row), row] as const))('%s', async (_name, row) => {
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
});
