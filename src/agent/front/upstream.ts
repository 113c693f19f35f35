import { Pool } from 'undici';
import { frontLimits } from './front-limits.js';
import type { FrontCounters } from './front-port.js';
import { InstanceCounters } from './instance-counters.js';
import { UpstreamClient } from './upstream-client.js';

/** Something in flight at an instance that can be ended by force. */
export interface InFlight {
  cut(): void;
}

export interface UpstreamIdentity {
  readonly moduleId: string;
  readonly releaseId: string;
  readonly instance: string;
  readonly port: number;
}

/**
 * One instance as the front sees it: what is in flight there, its counters, its connections.
 * The pools are made when needed and can be closed: with one open, a graceful server takes
 * seconds to exit. An instance that comes back into the table simply gets new ones.
 */
export class Upstream {
  readonly counters = new InstanceCounters();
  readonly inFlight = new Set<InFlight>();
  readonly websockets = new Set<InFlight>();
  private idlePool: Pool | undefined;
  private freshPool: Pool | undefined;
  private waiters: (() => void)[] = [];

  constructor(private known: UpstreamIdentity) {}

  get identity(): UpstreamIdentity {
    return this.known;
  }

  /** The same instance started again on another port. What is in flight at the old one ends there. */
  moveTo(port: number): void {
    if (this.known.port === port) return;
    this.known = { ...this.known, port };
    void this.close();
  }

  /** `fresh`: a connection of its own, closed after the answer. */
  pool(fresh: boolean): Pool {
    if (fresh) return (this.freshPool ??= this.newPool(0));
    return (this.idlePool ??= this.newPool(1));
  }

  begin(request: InFlight): void {
    this.inFlight.add(request);
  }

  end(request: InFlight): void {
    if (!this.inFlight.delete(request) || this.inFlight.size > 0) return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const wake of waiters) wake();
  }

  get isIdle(): boolean {
    return this.inFlight.size === 0 && this.websockets.size === 0;
  }

  /** Waits for 0 in flight, then cuts what is left and closes the connections. Returns the cuts. */
  async drain(timeoutMs: number): Promise<number> {
    await this.whenIdle(timeoutMs);
    const left = [...this.inFlight];
    for (const request of left) request.cut();
    await this.close();
    return left.length;
  }

  async close(): Promise<void> {
    const pools = [this.idlePool, this.freshPool];
    this.idlePool = undefined;
    this.freshPool = undefined;
    for (const pool of pools) await pool?.close();
  }

  snapshot(): FrontCounters {
    const { moduleId, releaseId, instance } = this.identity;
    return {
      moduleId,
      releaseId,
      instance,
      inFlight: this.inFlight.size,
      websockets: this.websockets.size,
      ...this.counters.snapshot(),
    };
  }

  private whenIdle(timeoutMs: number): Promise<void> {
    if (this.inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private newPool(pipelining: 0 | 1): Pool {
    const { port } = this.identity;
    return new Pool(`http://127.0.0.1:${port}`, {
      factory: (origin, options) => new UpstreamClient(origin, options, port),
      connections: null,
      pipelining,
      maxHeaderSize: frontLimits.answerHeaderBytes,
      // Streams may be silent for long; the client's own patience and the drain end them.
      bodyTimeout: 0,
      // Both: an upstream's `Keep-Alive: timeout=` hint overrides the first alone.
      keepAliveTimeout: frontLimits.upstreamIdleMs,
      keepAliveMaxTimeout: frontLimits.upstreamIdleMs,
    });
  }
}
