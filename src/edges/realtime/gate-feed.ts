import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { gatesOf, type GateInProgress } from '../../deployments/deployments.queries.js';
import type { GateReading } from '../../deployments/gates/gate.js';
import type { OpenContext } from '../../platform/context.js';
import type { Logger } from '../../platform/logging/logger.js';
import { Delivery } from './delivery.js';
import { frameOf } from './frame.js';
import type { DeploymentGateChecked } from './hub-messages.js';
import type { Stream } from './stream.js';

/** At most one look a second for each deployment: all of a tenant's are read together. */
const INTERVAL_MS = 1_000;

export interface GateFeedPorts {
  readonly read: <T>(work: (open: OpenContext) => Promise<T>) => Promise<T>;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly flush: (delivery: Delivery) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The latest reading of each gate in progress. Looks are not kept: one that is missed is past. */
export class GateFeed {
  private readonly dirty = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: GateFeedPorts) {}

  look(id: string): void {
    this.dirty.add(id);
    if (this.timer) return;
    const waitMs = Math.max(0, this.readAt + INTERVAL_MS - this.ports.clock.monotonic());
    this.timer = setTimeout(() => void this.run(), waitMs);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.dirty.clear();
  }

  private async run(): Promise<void> {
    const ids = [...this.dirty].filter((id) => this.ports.streams.has(id));
    this.dirty.clear();
    this.readAt = this.ports.clock.monotonic();
    try {
      const rows = ids.length > 0 ? await this.ports.read((open) => gatesOf(open, ids)) : [];
      const delivery = new Delivery();
      for (const row of rows) this.tell(row, delivery);
      this.ports.flush(delivery);
    } catch (error) {
      this.ports.logger.warn({ error: messageOf(error) }, 'the live feed could not read the gates');
    } finally {
      this.timer = undefined;
      const [more] = this.dirty;
      if (more !== undefined) this.look(more);
    }
  }

  private tell(row: GateInProgress, delivery: Delivery): void {
    const payload = gateChecked(row);
    if (!payload) return;
    const frame = frameOf({ name: 'DeploymentGateChecked', payload });
    this.ports.streams.get(row.id)?.tellAll(frame, delivery);
  }
}

function gateChecked({ id, gate }: GateInProgress): DeploymentGateChecked | undefined {
  const { stepId: step, reading, verdict, reason, readTo } = gate;
  if (!reading) return undefined;
  const at = new Date(readTo).toISOString();
  return { deploymentId: id, step, reading, limits: limitsOf(reading), verdict, reason, at };
}

function limitsOf(reading: GateReading): Record<string, number | null> {
  const { errors, latency, cpu, memory, leak } = reading;
  const measures = { errors, latency, cpu, memory, ...(leak ? { leak } : {}) };
  return Object.fromEntries(Object.entries(measures).map(([name, { allowed }]) => [name, allowed]));
}
