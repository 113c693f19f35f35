import type { InstanceRecord, Journal } from '../journal/journal.js';
import { findByEnvironment, bootId, isAlive } from './proc.js';

/** Set in every instance's environment; finds one whose pid was never written down. */
export const INSTANCE_VARIABLE = 'TIDEGATE_INSTANCE';

/** The instances that the journal knows, and which of them are on their way out. */
export class Instances {
  constructor(private readonly journal: Journal) {}

  /** After a restart of the agent: what was being started is found again, or known to be gone. */
  adopt(): InstanceRecord[] {
    for (const record of this.journal.instances()) {
      if (record.identity !== null) continue;
      const found = findByEnvironment(INSTANCE_VARIABLE, record.instance);
      if (found) {
        const { pid, startTime } = found;
        this.journal.instanceStarted(record.instance, { pid, startTime, bootId });
      } else {
        this.journal.instanceGone(record.instance);
      }
    }
    return this.journal.instances().filter(isRunning);
  }

  all(moduleId?: string): InstanceRecord[] {
    return this.journal.instances(moduleId);
  }

  /** The process of a slot that runs and is to stay. */
  live(moduleId: string, slot: string): InstanceRecord | undefined {
    return this.staying(moduleId).findLast((one) => one.slot === slot && isRunning(one));
  }

  /**
   * Who gets the slot's traffic: the living process, else the last one. A dead one stays in the
   * table until its successor answers, so that failed requests are counted and seen.
   */
  target(moduleId: string, slot: string): InstanceRecord | undefined {
    return this.live(moduleId, slot) ?? this.staying(moduleId).findLast((one) => one.slot === slot);
  }

  staying(moduleId: string): InstanceRecord[] {
    return this.all(moduleId).filter((one) => !one.isRetiring);
  }

  /** Before anything is done to it: no other agent may take it for one that serves. */
  markRetiring(instance: string): void {
    this.journal.instanceRetiring(instance);
  }

  gone(instance: string): void {
    this.journal.instanceGone(instance);
  }
}

export function isRunning(record: InstanceRecord): boolean {
  return record.identity !== null && isAlive(record.identity);
}
