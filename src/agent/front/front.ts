import { closeSync } from 'node:fs';
import { systemClock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { networksOf, type HasAddress } from '../../kernel/networks.js';
import type { FrontContext } from './exchange.js';
import { frontLimits } from './front-limits.js';
import { FrontListener } from './front-listener.js';
import { silentLog, type FrontLog } from './front-log.js';
import type {
  FrontApplied,
  FrontCounters,
  FrontPort,
  FrontStatus,
  FrontTable,
} from './front-port.js';
import type { FrontState } from './front-state.js';
import { parseFrontTable } from './front-table.js';
import { Routing } from './routing.js';

export interface FrontOptions {
  /** Where the ports are opened. */
  readonly host: string;
  readonly state: FrontState;
  readonly log?: FrontLog;
  /** Networks whose word about a client is believed, besides those of the table. */
  readonly trustedProxies?: readonly string[];
}

/** A status with what only the front's own client must know. */
export interface FrontReport extends FrontStatus {
  /** A successor has the listening sockets; this one finishes what it has. */
  readonly retired: boolean;
  /** Predecessors whose counters are in these; theirs must not be added again. */
  readonly absorbed: readonly number[];
}

export interface InheritedSocket {
  readonly port: number;
  readonly fd: number;
}

type Failed = FrontApplied['failed'][number];

/**
 * The front in one process: the table, the listeners, the instances. Changes of the table are
 * strictly one after another, and each is on disk before it is in force: a front that is started
 * again continues with the table that it last answered for.
 */
export class Front implements FrontPort {
  private readonly routing = new Routing();
  private readonly listeners = new Map<number, FrontListener>();
  /** Ports that left the table or were handed on, with connections that are still open. */
  private readonly leaving = new Set<FrontListener>();
  private readonly context: FrontContext;
  private hasProxy: HasAddress;
  private readonly log: FrontLog;
  private readonly absorbed: number[] = [];
  private changes: Promise<unknown> = Promise.resolve();
  private isRetired = false;

  constructor(private readonly options: FrontOptions) {
    this.log = options.log ?? silentLog;
    this.hasProxy = networksOf(options.trustedProxies ?? []);
    this.context = { isTrusted: (address) => this.hasProxy(address), clock: systemClock };
  }

  /** Loads the table from disk and opens its ports, or takes them over from a predecessor. */
  async start(inherited: readonly InheritedSocket[] = []): Promise<FrontApplied> {
    const table = await this.options.state.load(this.log);
    if (table !== undefined) this.enforce(table);
    for (const { port, fd } of inherited) {
      const listener = this.listeners.get(port);
      if (listener === undefined) closeSync(fd);
      else await listener.listen(this.options.host, fd);
    }
    return { version: this.routing.table.version, failed: await this.openPorts() };
  }

  apply(value: unknown): Promise<FrontApplied> {
    return this.inTurn(async () => {
      const table = parseFrontTable(value);
      const current = this.routing.table;
      const isRepeated = JSON.stringify(table) === JSON.stringify(current);
      if (!isRepeated && table.version <= current.version) {
        throw new DomainError(
          'conflict',
          'stale-version',
          `The front has routing table ${current.version}; ${table.version} is not newer. Read the status and send a higher version.`,
          { details: { version: current.version } },
        );
      }
      if (!isRepeated) {
        if (!this.isRetired) await this.options.state.save(table);
        this.enforce(table);
      }
      const failed = this.isRetired ? [] : await this.openPorts();
      return { version: table.version, failed };
    });
  }

  async status(): Promise<FrontReport> {
    const { table } = this.routing;
    return {
      pid: process.pid,
      version: table.version,
      routes: table.routes.map(({ moduleId, port }) => ({
        moduleId,
        port,
        listening: this.listeners.get(port)?.isListening ?? false,
      })),
      counters: this.routing.counters(),
      retired: this.isRetired,
      absorbed: this.absorbed,
    };
  }

  async drain(instance: string, timeoutMs: number): Promise<{ cut: number; websockets: number }> {
    const upstream = this.routing.find(instance);
    if (upstream === undefined) return { cut: 0, websockets: 0 };
    if (!this.isRetired && this.routing.isServing(instance)) {
      throw new DomainError(
        'conflict',
        'instance-in-table',
        `Instance ${instance} still gets requests. Apply a table without it (or with weight 0), then drain it.`,
      );
    }
    const cut = await upstream.drain(Math.min(Math.max(0, timeoutMs), frontLimits.drainMs));
    if (cut > 0) this.log('requests were cut: the time to drain was up', { instance, cut });
    return { cut, websockets: upstream.websockets.size };
  }

  /** Runs `handOver` with the open sockets while the table cannot change, then retires. */
  handOver(spawnSuccessor: (sockets: readonly InheritedSocket[]) => Promise<void>): Promise<void> {
    return this.inTurn(async () => {
      if (this.isRetired) {
        throw new DomainError('conflict', 'front-retired', 'This front has a successor already.');
      }
      const open = [...this.listeners.values()].filter((listener) => listener.isListening);
      await spawnSuccessor(open.map(({ port, descriptor }) => ({ port, fd: descriptor })));
      this.isRetired = true;
      for (const listener of open) this.leave(listener);
    });
  }

  /** Takes over the counters of a predecessor that is about to exit. */
  absorb(pid: number, counters: readonly FrontCounters[]): void {
    if (this.absorbed.includes(pid)) return;
    this.absorbed.push(pid);
    this.routing.absorb(counters);
  }

  /** Resolves when every client connection that was left behind is gone, or the time is up. */
  async emptied(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const isUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all([...this.leaving].map(({ closed }) => closed)), isUp]);
    clearTimeout(timer);
  }

  /** Accepts no more, finishes what is in flight, cuts what is left after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    for (const listener of this.listeners.values()) this.leave(listener);
    for (const listener of this.leaving) listener.closeIdle();
    const upstreams = this.routing.all();
    // A WebSocket has no end to wait for; its client reconnects to whoever listens then.
    for (const { websockets } of upstreams) for (const pair of [...websockets]) pair.cut();
    await this.emptied(graceMs);
    for (const { inFlight } of upstreams) for (const request of [...inFlight]) request.cut();
    for (const listener of this.leaving) listener.closeAll();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }

  private enforce(table: FrontTable): void {
    const { trustedProxies = [] } = this.options;
    this.hasProxy = networksOf([...trustedProxies, ...(table.trustedProxies ?? [])]);
    const routes = this.routing.replace(table);
    for (const [port, listener] of this.listeners) {
      listener.route = routes.get(port);
      if (listener.route !== undefined) continue;
      this.listeners.delete(port);
      this.leave(listener);
      listener.closeIdle();
    }
    // A retired front has no port to open; its last connections follow the table all the same.
    for (const listener of this.leaving) listener.route = routes.get(listener.port);
    for (const [port, route] of routes) {
      if (this.listeners.has(port) || this.isRetired) continue;
      const listener = new FrontListener(port, this.context);
      listener.route = route;
      this.listeners.set(port, listener);
    }
  }

  private async openPorts(): Promise<Failed[]> {
    const failed: Failed[] = [];
    for (const listener of this.listeners.values()) {
      if (listener.isListening) continue;
      const { port, route } = listener;
      const moduleId = route!.definition.moduleId;
      try {
        await listener.listen(this.options.host);
        this.log('listening', { moduleId, port });
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code;
        failed.push({
          moduleId,
          port,
          code: reason === 'EADDRINUSE' ? 'port-in-use' : 'listen-failed',
        });
        this.log('a port could not be opened', { moduleId, port, reason });
      }
    }
    return failed;
  }

  private leave(listener: FrontListener): void {
    if (this.leaving.has(listener)) return;
    const wasListening = listener.isListening;
    listener.stopAccepting();
    if (!wasListening) return;
    this.leaving.add(listener);
    void listener.closed.then(() => this.leaving.delete(listener));
  }

  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.changes.then(change);
    this.changes = result.catch(() => undefined);
    return result;
  }
}
