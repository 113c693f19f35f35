import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { addSparse, fromSparse, toSparse, type SparseHistogram } from '../../kernel/histogram.js';
import { DomainError } from '../../kernel/errors.js';
import { callFront } from './control-call.js';
import type { FrontReport } from './front.js';
import { livingFronts, type FrontIdentity } from './front-identity.js';
import { frontLimits } from './front-limits.js';
import type {
  FrontApplied,
  FrontCounters,
  FrontPort,
  FrontStatus,
  FrontTable,
} from './front-port.js';

const CALL_MS = 15_000;

/**
 * The agent's hand on the front. It looks the processes up for every call, because during an
 * upgrade there are two: a table goes to both (connections that the old one still holds must follow
 * it), a drain asks both, and the status is their sum. Only the status, which is asked for every second,
 * does without while the one that was alone answers that it has no successor: then there is no other.
 */
export class FrontClient implements FrontPort {
  private readonly kept = new Agent({ keepAlive: true, maxFreeSockets: 1 });
  private alone: FrontIdentity | undefined;

  constructor(private readonly stateDir: string) {}

  async apply(table: FrontTable): Promise<FrontApplied> {
    const deadline = performance.now() + frontLimits.startMs;
    for (;;) {
      const fronts = await this.fronts();
      const settled = await Promise.allSettled(
        fronts.map(({ socket }) =>
          callFront<FrontApplied & { retired: boolean }>({
            socket,
            method: 'PUT',
            path: '/table',
            body: table,
            timeoutMs: frontLimits.startMs + CALL_MS,
          }),
        ),
      );
      const current = settled.find((each) => each.status === 'fulfilled' && !each.value.retired);
      if (current?.status === 'fulfilled') {
        const { version, failed } = current.value;
        return { version, failed };
      }
      const refused = settled
        .filter((each) => each.status === 'rejected')
        .map((each) => each.reason as DomainError)
        .find(({ code }) => code !== 'front-unreachable');
      if (refused !== undefined) throw refused;
      // Only retired ones answered: a successor took over between the look-up and the call.
      if (performance.now() > deadline) throw unreachable(this.stateDir);
      await delay(50);
    }
  }

  async status(): Promise<FrontStatus> {
    const { pid, version, routes, counters } =
      (await this.reportOfAlone()) ?? (await this.report());
    return { pid, version, routes, counters };
  }

  async drain(instance: string, timeoutMs: number): Promise<{ cut: number; websockets: number }> {
    const fronts = await this.fronts();
    const drained = await Promise.all(
      fronts.map(({ socket }) =>
        callFront<{ cut: number; websockets: number }>({
          socket,
          method: 'POST',
          path: '/drain',
          body: { instance, timeoutMs },
          timeoutMs: timeoutMs + CALL_MS,
        }).catch((error: unknown) => this.emptyIfGone(error, fronts.length)),
      ),
    );
    return {
      cut: drained.reduce((sum, each) => sum + each.cut, 0),
      websockets: drained.reduce((sum, each) => sum + each.websockets, 0),
    };
  }

  /** Asks the current front to start its successor by `command` and to retire. */
  async upgrade(command: readonly string[]): Promise<{ pid: number }> {
    const { pid } = await this.report();
    const front = (await this.fronts()).find((each) => each.pid === pid);
    if (front === undefined) throw unreachable(this.stateDir);
    return callFront({
      socket: front.socket,
      method: 'POST',
      path: '/upgrade',
      body: { command },
      timeoutMs: frontLimits.startMs + CALL_MS,
    });
  }

  /** Undefined: it must be looked up who is there. */
  private async reportOfAlone(): Promise<FrontReport | undefined> {
    if (this.alone === undefined) return undefined;
    const { socket, pid } = this.alone;
    const askedAt = performance.now();
    try {
      const report = await this.ask(socket, this.kept);
      if (report.pid === pid && !report.retired) return report;
    } catch (error) {
      // A connection that was closed meanwhile is no answer; one that hangs for so long is.
      if (performance.now() - askedAt >= CALL_MS) throw error;
    }
    this.alone = undefined;
    return undefined;
  }

  private ask(socket: string, agent?: Agent): Promise<FrontReport> {
    const call = { socket, method: 'GET' as const, path: '/status', timeoutMs: CALL_MS };
    return callFront<FrontReport>({ ...call, ...(agent ? { agent } : {}) });
  }

  /** The status of the current front, with the counters of those that it has not absorbed. */
  private async report(): Promise<FrontReport> {
    const deadline = performance.now() + CALL_MS;
    for (;;) {
      const fronts = await this.fronts();
      const settled = await Promise.allSettled(fronts.map(({ socket }) => this.ask(socket)));
      const reports = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const current = reports.find(({ retired }) => !retired);
      // One that did not answer may just have handed its counters on: the sum would miss them.
      if (current !== undefined && reports.length === fronts.length) {
        this.alone = fronts.length === 1 ? fronts[0] : undefined;
        const others = reports.filter(
          (each) => each !== current && !current.absorbed.includes(each.pid),
        );
        return { ...current, counters: merge(current, others) };
      }
      if (performance.now() > deadline) {
        const rejected = settled.find((each) => each.status === 'rejected');
        throw rejected?.status === 'rejected' ? rejected.reason : unreachable(this.stateDir);
      }
      await delay(50);
    }
  }

  private async fronts(): Promise<FrontIdentity[]> {
    const fronts = await livingFronts(this.stateDir);
    if (fronts.every(({ retired }) => retired)) throw unreachable(this.stateDir);
    return fronts;
  }

  /** A retired front may exit between the look-up and the call; then nothing is in flight there. */
  private emptyIfGone(error: unknown, fronts: number): { cut: number; websockets: number } {
    const isGone = error instanceof DomainError && error.code === 'front-unreachable';
    if (isGone && fronts > 1) return { cut: 0, websockets: 0 };
    throw error;
  }
}

function merge(current: FrontReport, others: readonly FrontReport[]): FrontCounters[] {
  const merged = new Map(current.counters.map((each) => [each.instance, each]));
  for (const each of others.flatMap(({ counters }) => counters)) {
    const known = merged.get(each.instance);
    merged.set(each.instance, known === undefined ? each : sum(known, each));
  }
  return [...merged.values()];
}

function sum(a: FrontCounters, b: FrontCounters): FrontCounters {
  return {
    ...a,
    inFlight: a.inFlight + b.inFlight,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    frontErrors: a.frontErrors + b.frontErrors,
    cut: a.cut + b.cut,
    retries: a.retries + b.retries,
    clientGone: a.clientGone + b.clientGone,
    websockets: a.websockets + b.websockets,
    histogram: sumOf(a.histogram, b.histogram),
    abandoned: sumOf(a.abandoned ?? [], b.abandoned ?? []),
  };
}

function sumOf(a: SparseHistogram, b: SparseHistogram): SparseHistogram {
  const counts = fromSparse(a);
  addSparse(counts, b, 1);
  return toSparse(counts);
}

function unreachable(stateDir: string): DomainError {
  return new DomainError(
    'unavailable',
    'front-unreachable',
    `No front is running on ${stateDir}. Start it again (ensureFront does) and repeat the call.`,
  );
}
