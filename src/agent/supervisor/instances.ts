import type { InstanceRecord, Journal } from '../journal/journal.js';
import type { Families, Family } from './families.js';
import { isAlive } from './proc.js';

/** Of whose end this agent is told. */
export interface OwnChildren {
  /** True: it was started by this agent, and has not ended. False says nothing. */
  runs(instance: string): boolean;
}

const nobody: OwnChildren = { runs: () => false };

/** The instances that the journal knows, and which of them are on their way out. */
export class Instances {
  constructor(
    private readonly journal: Journal,
    private readonly families: Families,
    private readonly own: OwnChildren = nobody,
  ) {}

  /** After a restart of the agent: what was being started is found again, or known to be gone. */
  adopt(): InstanceRecord[] {
    for (const record of this.journal.instances()) {
      if (record.identity !== null) continue;
      const leader = this.families.leaderOf(familyOf(record));
      if (leader) this.journal.instanceStarted(record.instance, leader);
      // Nobody knows any more who was started, only that some are left of it: they are to end.
      else if (!this.isOver(record)) this.journal.instanceRetiring(record.instance);
      else this.journal.instanceGone(record.instance);
    }
    return this.journal.instances().filter(isRunning);
  }

  /** Nothing of it is left, be it the leader or what the leader had started. */
  isOver(record: InstanceRecord): boolean {
    return this.families.isEmpty(familyOf(record));
  }

  all(moduleId?: string): InstanceRecord[] {
    return this.journal.instances(moduleId);
  }

  /** As far as this agent is told; what another one has started is looked at. */
  runs(record: InstanceRecord): boolean {
    return this.own.runs(record.instance) || isRunning(record);
  }

  isOwn(record: InstanceRecord): boolean {
    return this.own.runs(record.instance);
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
    const all = this.staying(moduleId).filter((one) => one.slot === slot);
    return all.findLast((one) => this.runs(one)) ?? all.at(-1);
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

export function familyOf({ instance, identity, controlGroup }: InstanceRecord): Family {
  return { id: instance, identity, ...(controlGroup === undefined ? {} : { controlGroup }) };
}

/** As of this moment: not even what has ended and was not yet heard of does. */
export function isRunning(record: InstanceRecord): boolean {
  return record.identity !== null && isAlive(record.identity);
}
