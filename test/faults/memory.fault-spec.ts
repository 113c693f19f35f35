/** A worker that runs out of memory dies in mid-action like any other; another one goes on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { QuietNodes } from '../support/quiet-nodes.js';
import { Tidegate } from '../support/tidegate.js';

jest.setTimeout(180_000);

const MODULES = ['orders', 'billing', 'search'];

let folder: string;
let tidegate: Tidegate;
let client: Client;
let quiet: QuietNodes;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-memory-'));
  const preload = pathToFileURL(join(import.meta.dirname, '../support/memory-hog.mjs')).href;
  const hungry = {
    HUNGER_FILE: join(folder, 'hunger'),
    NODE_OPTIONS: `--max-old-space-size=200 --import ${preload}`,
  };
  tidegate = await Tidegate.start({
    mode: 'cluster',
    workerProcesses: 2,
    workerEnvironments: [hungry],
  });
  client = await tidegate.client();
  quiet = await QuietNodes.join(tidegate, client, 2);
  await QuietNodes.modules(client, ...MODULES);
});

afterAll(async () => {
  await quiet?.stop();
  await tidegate?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('loses nothing when a worker runs out of memory', async () => {
  const [doomed] = tidegate.workers;
  const first = await Promise.all(MODULES.map((module) => quiet.begin(module)));
  await writeFile(join(folder, 'hunger'), '');
  await eventually(() => expect(doomed!.log).toContain('heap out of memory'), 60_000);
  const second = await Promise.all(MODULES.map((module) => quiet.begin(module)));
  for (const id of [...first, ...second]) await quiet.rollouts.expectEnd(id, 'Succeeded');
});
