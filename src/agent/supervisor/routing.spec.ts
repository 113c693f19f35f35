import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DomainError } from '../../kernel/errors.js';
import type { FrontPort, FrontTable } from '../front/front-port.js';
import { Journal } from '../journal/journal.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { Instances } from './instances.js';
import { slotOf } from './release-spec.js';
import { Routing } from './routing.js';

/** Holds tables as a front does; may be away, or have a newer table than the agent thinks. */
class FakeFront implements FrontPort {
  tables: FrontTable[] = [];
  version = 0;
  awayFor = 0;

  async apply(table: FrontTable) {
    this.beThere();
    if (table.version <= this.version) throw new DomainError('conflict', 'stale-version', 'old');
    this.version = table.version;
    this.tables.push(table);
    return { version: table.version, failed: [] };
  }

  async status() {
    this.beThere();
    return { pid: 1, version: this.version, routes: [], counters: [] };
  }

  async drain() {
    return { cut: 0, websockets: 0 };
  }

  private beThere(): void {
    if (this.awayFor === 0) return;
    this.awayFor -= 1;
    throw new DomainError('unavailable', 'front-unreachable', 'away');
  }
}

const release = (id: string, trafficPercent: number, port = 80): DesiredRelease => ({
  releaseId: id,
  version: id,
  releaseDigest: `sha256:${id}`,
  artifactDigest: 'a',
  artifactBytes: 1,
  manifestText: JSON.stringify({
    schema: 1,
    run: { command: 'x' },
    traffic: { protocol: 'http', port },
  }),
  configurationId: null,
  configuration: {},
  signature: null,
  trafficPercent,
});

let home: string;
let journal: Journal;
let front: FakeFront;
let routing: Routing;
let connections: number;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tidegate-routing-'));
  journal = Journal.open(join(home, 'journal'));
  front = new FakeFront();
  connections = 0;
  routing = new Routing({
    journal,
    instances: new Instances(journal),
    portOffset: 1000,
    connect: async () => {
      connections += 1;
      return front;
    },
    log: pino({ level: 'silent' }),
  });
});
afterEach(() => {
  journal.close();
  rmSync(home, { recursive: true, force: true });
});

function serve(moduleId: string, releases: DesiredRelease[], running = releases): void {
  for (const one of running) {
    const slot = slotOf(one);
    const known = { instance: `${moduleId}-${one.releaseId}`, moduleId, moduleName: 'x', port: 9 };
    journal.instanceStarting({ ...known, slot, release: one, identity: null });
  }
  journal.serves(moduleId, { generation: 1, releases });
}

it('builds the table from the journal, with the offset and the shares', async () => {
  serve('m', [release('a', 90), release('b', 10)]);
  await routing.apply();
  expect(front.tables.at(-1)?.routes).toEqual([
    expect.objectContaining({ moduleId: 'm', port: 1080 }),
  ]);
  const targets = front.tables.at(-1)?.routes[0]?.targets ?? [];
  expect(targets.map((one) => [one.instance, one.weight])).toEqual([
    ['m-a', 90],
    ['m-b', 10],
  ]);
});

it('gives all the traffic to what is there', async () => {
  const [a, b] = [release('a', 90), release('b', 10)];
  serve('m', [a, b], [b]);
  await routing.apply();
  expect(front.tables.at(-1)?.routes[0]?.targets.map((one) => one.weight)).toEqual([100]);
});

it('goes on from the version that the front has', async () => {
  front.version = 41;
  serve('m', [release('a', 100)]);
  await routing.apply();
  expect(front.version).toBe(42);
  front.version = 99;
  await routing.apply();
  expect(front.version).toBe(100);
});

it('keeps the order of tables asked for at once', async () => {
  serve('m', [release('a', 100)]);
  await Promise.all([routing.apply(), routing.apply(), routing.apply()]);
  expect(front.tables.map((table) => table.version)).toEqual([1, 2, 3]);
});

it('starts a front that is away again', async () => {
  front.awayFor = 2;
  serve('m', [release('a', 100)]);
  await routing.apply();
  expect(front.tables).toHaveLength(1);
  expect(connections).toBe(3);
});

it('connects once for all who ask at the same time', async () => {
  await Promise.all([routing.status(), routing.status(), routing.apply()]);
  expect(connections).toBe(1);
});

it('leaves out the second of two modules on one port, and names it', async () => {
  serve('m', [release('a', 100)]);
  serve('n', [release('b', 100)]);
  serve('o', [release('c', 100, 65_000)]);
  expect(await routing.apply()).toEqual([
    { moduleId: 'n', port: 1080, code: 'port-in-use' },
    { moduleId: 'o', port: 66_000, code: 'listen-failed' },
  ]);
  expect(routing.isTaken(1080, 'n')).toBe(true);
  expect(routing.isTaken(1081, 'n')).toBe(false);
});
