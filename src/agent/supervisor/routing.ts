import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import type {
  FrontApplied,
  FrontPort,
  FrontRoute,
  FrontStatus,
  FrontTable,
  FrontTarget,
} from '../front/front-port.js';
import type { Journal } from '../journal/journal.js';
import type { Instances } from './instances.js';
import { specOf } from './release-spec.js';

const ATTEMPTS = 6;
/** Short beside the 20 s of silence after which a node is Lost. */
const REPORT_PATIENCE_MS = 1000;

/** Routes that nobody serves, and why not. */
export type FailedRoutes = FrontApplied['failed'];

/** What a look at the front found. */
export interface FrontLook {
  /** False: the front has another table than the one it was last given, or was given none. */
  readonly isInForce: boolean;
  /** Modules whose port is not open, of the table in force. */
  readonly closed: readonly string[];
}

type Holder = Pick<FrontRoute, 'moduleId' | 'port'>;

interface TableInForce {
  readonly table: FrontTable;
  /** Left out of the table, for the front would refuse the whole. */
  readonly clashing: FailedRoutes;
}

/**
 * The agent's one way to the front. The table is always built from the journal, for all modules at
 * once, and put in force in order; a front that is away is started again.
 */
export class Routing {
  private front: FrontPort | undefined;
  /** One at a time: each of two would start a front of its own. */
  private connecting: Promise<FrontPort> | undefined;
  private version = 0;
  /** Undefined: what the journal says may not have come to the front. */
  private inForce: TableInForce | undefined;
  /** By instance, as of the last look: requests that it answered badly, or not at all. */
  private failed: ReadonlyMap<string, number> = new Map();
  /** Who has which port: it is not taken from a module that serves. */
  private holders: readonly Holder[] = [];
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly parts: {
      journal: Journal;
      instances: Instances;
      portOffset: number;
      /** The agent's own, besides those of the cluster. */
      trustedProxies: readonly string[];
      connect: () => Promise<FrontPort>;
      log: Logger;
    },
  ) {}

  /** Puts what the journal says in force; the routes that could not be opened are named. */
  apply(): Promise<FailedRoutes> {
    return this.inTurn(() => this.applyNow());
  }

  /** Does the front do what it was last told? In turn: a change under way is no difference. */
  look(): Promise<FrontLook> {
    return this.inTurn(async () => {
      const { version, routes, counters } = await this.status();
      this.failed = new Map(counters.map((one) => [one.instance, failuresOf(one)]));
      const { inForce } = this;
      // Proxies may have been named since.
      const isSame = inForce?.table.trustedProxies?.join() === this.trustedProxies()?.join();
      if (inForce?.table.version !== version || !isSame) return { isInForce: false, closed: [] };
      const silent = routes.filter(({ listening }) => !listening);
      return { isInForce: true, closed: [...silent, ...inForce.clashing].map(moduleOf) };
    });
  }

  /** The same table once more, of which nothing changes but that closed ports may open. */
  reopen(): Promise<FailedRoutes> {
    return this.inTurn(async () => {
      const { inForce } = this;
      if (!inForce) return this.applyNow();
      const { failed } = await this.ask((front) => front.apply(inForce.table));
      return [...failed, ...inForce.clashing];
    });
  }

  /** For a report, which must not wait: a front that is away is left to those who start it. */
  async counters(): Promise<FrontStatus['counters']> {
    let timer: NodeJS.Timeout | undefined;
    const nothing = new Promise<FrontStatus['counters']>((resolve) => {
      timer = setTimeout(() => resolve([]), REPORT_PATIENCE_MS);
    });
    const asked = this.front?.status().then((status) => status.counters) ?? [];
    return Promise.race([asked, nothing])
      .catch(() => [])
      .finally(() => clearTimeout(timer));
  }

  /** How many requests of an instance have failed, as of the last look at the front. */
  failures(instance: string): number {
    return this.failed.get(instance) ?? 0;
  }

  async status(): Promise<FrontStatus> {
    return this.ask((front) => front.status());
  }

  async drain(instance: string, timeoutMs: number): Promise<void> {
    const { cut } = await this.ask((front) => front.drain(instance, timeoutMs));
    if (cut > 0) this.parts.log.warn({ instance, cut }, 'requests were cut at the end of draining');
  }

  /** Does another module answer on this port already? */
  isTaken(clientPort: number, byOtherThan: string): boolean {
    return this.routes().some((one) => one.port === clientPort && one.moduleId !== byOtherThan);
  }

  /** The modules that the front should serve. */
  moduleIds(): string[] {
    return this.routes().map(moduleOf);
  }

  /** The port that clients use. */
  clientPort(port: number): number {
    return port + this.parts.portOffset;
  }

  private async applyNow(): Promise<FailedRoutes> {
    this.inForce = undefined;
    let isRefused = false;
    for (let attempt = 1; ; attempt += 1) {
      const routes = this.routes();
      if (this.version === 0) {
        const { version, routes: known } = await this.status();
        this.version = version;
        this.holders = known;
      }
      const { opened, clashing } = withoutClashes(routes, this.holders);
      this.version += 1;
      try {
        const proxies = this.trustedProxies();
        const named = proxies && !isRefused ? { trustedProxies: proxies } : {};
        const table = { version: this.version, routes: opened, ...named };
        await failpoint('agent.front:before');
        const { failed } = await this.ask((front) => front.apply(table));
        await failpoint('agent.front:after');
        this.inForce = { table, clashing };
        this.holders = opened;
        return [...failed, ...clashing];
      } catch (error) {
        if (isCode(error, 'invalid-table') && this.trustedProxies() && !isRefused) {
          // Requests must go on; the next look finds the difference, and tries again.
          isRefused = true;
          const reason = messageOf(error);
          this.parts.log.error(
            { reason },
            'the front is of an earlier version: no proxy is trusted',
          );
          continue;
        }
        // Another agent before us, or an answer that got lost: go on from what the front has.
        if (!isCode(error, 'stale-version') || attempt >= ATTEMPTS) throw error;
        this.version = (await this.status()).version;
      }
    }
  }

  /** Undefined: none, and a front of an earlier version, which knows no such thing, is not asked. */
  private trustedProxies(): readonly string[] | undefined {
    const { journal, trustedProxies } = this.parts;
    const all = [...new Set([...trustedProxies, ...journal.trustedProxies])];
    return all.length > 0 ? all : undefined;
  }

  private routes(): FrontRoute[] {
    const { journal } = this.parts;
    return journal.moduleIds().flatMap((moduleId) => {
      const specs = journal.module(moduleId).serving.releases.map(specOf);
      const traffic = specs.find((spec) => spec.manifest.traffic)?.manifest.traffic;
      if (!traffic) return [];
      const targets = specs.flatMap((spec): FrontTarget[] => {
        const found = this.parts.instances.target(moduleId, spec.slot);
        if (!found) return [];
        const { instance, port } = found;
        const { releaseId, trafficPercent } = spec.release;
        return [{ instance, releaseId, port, weight: trafficPercent }];
      });
      const { reuse, headersTimeoutMs } = traffic;
      const port = this.clientPort(traffic.port);
      return [{ moduleId, port, reuse, headersTimeoutMs, targets: sharedOut(targets) }];
    });
  }

  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.queue.then(change);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private connect(): Promise<FrontPort> {
    this.connecting ??= this.parts
      .connect()
      .then((front) => (this.front = front))
      .finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  private async ask<T>(call: (front: FrontPort) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      let front: FrontPort | undefined;
      try {
        front = this.front ?? (await this.connect());
        return await call(front);
      } catch (error) {
        const isAway = !(error instanceof DomainError) || error.kind === 'unavailable';
        if (!isAway || attempt >= ATTEMPTS) throw error;
        this.parts.log.warn({ reason: messageOf(error) }, 'the front does not answer');
        // Somebody else may have found another one meanwhile.
        if (this.front === front) this.front = undefined;
        await pause(50 * 2 ** attempt);
      }
    }
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof DomainError && error.code === code;
}

function failuresOf({ errors, frontErrors, cut }: FrontStatus['counters'][number]): number {
  return errors + frontErrors + cut;
}

function moduleOf({ moduleId }: { readonly moduleId: string }): string {
  return moduleId;
}

/** What is there shares all the traffic. */
function sharedOut(targets: readonly FrontTarget[]): FrontTarget[] {
  const total = targets.reduce((sum, one) => sum + one.weight, 0);
  if (total === 0) return [];
  return targets.map((one) => ({ ...one, weight: (one.weight * 100) / total }));
}

/** Two modules on one port: who has it keeps it, for the front would refuse the whole table. */
function withoutClashes(routes: readonly FrontRoute[], holders: readonly Holder[]) {
  const owners = new Map<number, string>();
  const isHolder = (route: Holder) =>
    holders.some(({ moduleId, port }) => moduleId === route.moduleId && port === route.port);
  for (const route of [...routes.filter(isHolder), ...routes]) {
    if (!owners.has(route.port)) owners.set(route.port, route.moduleId);
  }
  const opened: FrontRoute[] = [];
  const clashing: FailedRoutes[number][] = [];
  for (const route of routes) {
    const { moduleId, port } = route;
    if (port > 65_535) clashing.push({ moduleId, port, code: 'listen-failed' });
    else if (owners.get(port) === moduleId) opened.push(route);
    else clashing.push({ moduleId, port, code: 'port-in-use' });
  }
  return { opened, clashing };
}
