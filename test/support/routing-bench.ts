import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { FrontPort, FrontTable } from '../../src/agent/front/front-port.js';
import { Journal } from '../../src/agent/journal/journal.js';
import type { DesiredRelease } from '../../src/agent/protocol/protocol.js';
import { Families } from '../../src/agent/supervisor/families.js';
import { Instances } from '../../src/agent/supervisor/instances.js';
import { slotOf } from '../../src/agent/supervisor/release-spec.js';
import { Routing } from '../../src/agent/supervisor/routing.js';
import { DomainError } from '../../src/kernel/errors.js';

/** Holds tables as a front does; may be away, without its table, or not get at a port. */
export class FakeFront implements FrontPort {
  /** Each that was not simply the one in force. */
  tables: FrontTable[] = [];
  version = 0;
  awayFor = 0;
  applied = 0;
  /** Of an earlier version: refuses what it does not know. */
  isOld = false;
  readonly takenPorts = new Set<number>();
  private readonly openPorts = new Set<number>();

  async apply(table: FrontTable) {
    this.beThere();
    this.applied += 1;
    if (this.isOld && table.trustedProxies) {
      throw new DomainError('invalid', 'invalid-table', 'Unrecognized key: "trustedProxies"');
    }
    const isRepeated = JSON.stringify(table) === JSON.stringify(this.inForce);
    if (!isRepeated) {
      if (table.version <= this.version) throw new DomainError('conflict', 'stale-version', 'old');
      this.version = table.version;
      this.tables.push(table);
    }
    for (const { port } of table.routes) if (!this.takenPorts.has(port)) this.openPorts.add(port);
    const closed = table.routes.filter(({ port }) => !this.openPorts.has(port));
    const failed = closed.map(({ moduleId, port }) => ({
      moduleId,
      port,
      code: 'port-in-use' as const,
    }));
    return { version: table.version, failed };
  }

  async status() {
    this.beThere();
    const routes = (this.inForce?.routes ?? []).map(({ moduleId, port }) => ({
      moduleId,
      port,
      listening: this.openPorts.has(port),
    }));
    return { pid: 1, version: this.version, routes, counters: [] };
  }

  async drain() {
    return { cut: 0, websockets: 0 };
  }

  /** As after a crash: no port is open, and the table on disk is this old. */
  comeBackWith(version: number): void {
    this.version = version;
    this.openPorts.clear();
  }

  private get inForce(): FrontTable | undefined {
    return this.tables.findLast(({ version }) => version === this.version);
  }

  private beThere(): void {
    if (this.awayFor === 0) return;
    this.awayFor -= 1;
    throw new DomainError('unavailable', 'front-unreachable', 'away');
  }
}

export const release = (id: string, trafficPercent: number, port = 80): DesiredRelease => ({
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

/** The agent's routing on a journal of its own, with a front that does as it is told. */
export class RoutingBench {
  private readonly home = mkdtempSync(join(tmpdir(), 'tidegate-routing-'));
  readonly journal = Journal.open(join(this.home, 'journal'));
  readonly front = new FakeFront();
  readonly log = pino({ level: 'silent' });
  connections = 0;
  /** Of the agent; before it is made. */
  readonly trustedProxies: string[] = [];
  readonly routing = this.newRouting();

  /** One that is started later, on the same journal and front. */
  anotherAgent(): { routing: Routing } {
    return { routing: this.newRouting() };
  }

  serve(moduleId: string, releases: DesiredRelease[], running = releases): void {
    for (const one of running) {
      const slot = slotOf(one);
      const known = {
        instance: `${moduleId}-${one.releaseId}`,
        moduleId,
        moduleName: 'x',
        port: 9,
      };
      this.journal.instanceStarting({ ...known, slot, release: one, identity: null });
    }
    this.journal.serves(moduleId, { generation: 1, releases });
  }

  private newRouting(): Routing {
    return new Routing({
      journal: this.journal,
      instances: new Instances(this.journal, new Families()),
      portOffset: 1000,
      trustedProxies: this.trustedProxies,
      connect: async () => {
        this.connections += 1;
        return this.front;
      },
      log: this.log,
    });
  }

  end(): void {
    this.journal.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}
