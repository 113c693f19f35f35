import { setTimeout as pause } from 'node:timers/promises';
import { DomainError } from '../../kernel/errors.js';
import { freezeControlGroup } from './control-groups.js';
import type { Families, Family } from './families.js';
import { hasProc, isAlive, nameOf, type ProcessStat, readProcess } from './proc.js';
import { hasLeaderEndedWithin, signalGroup } from './process-group.js';

const FIRST_POLL_MS = 25;
/** A look goes through all processes of the machine. */
const MOST_POLL_MS = 200;
/** After SIGKILL only the kernel can still hold a process. */
const KILL_WAIT_MS = 5000;
/** Stopping finds them all when none starts another one meanwhile; each round there are fewer that can. */
const FREEZE_ROUNDS = 20;

export interface EndedFamily {
  /** Processes that had left the group, and would have gone on running. */
  readonly escaped: number;
}

/**
 * SIGTERM to every process of the family, also to those that have left the group, and after the
 * grace SIGKILL to whatever is left. They are stopped first: what cannot run cannot start another
 * one. Throws DomainError `does-not-stop`: whoever goes on as if it were gone has two running.
 */
export async function endFamily(
  families: Families,
  family: Family,
  graceMs: number,
): Promise<EndedFamily> {
  if (!hasProc) return endGroup(family, graceMs);
  const end = new FamilyEnd(families, family);
  const isOver = (await end.politely(graceMs)) || (await end.byForce());
  if (isOver) return { escaped: end.escaped.size };
  throw doesNotStop(end.names());
}

class FamilyEnd {
  /** By pid and start time. */
  readonly escaped = new Set<string>();
  private readonly told = new Set<string>();
  private members: ProcessStat[] = [];

  constructor(
    private readonly families: Families,
    private readonly family: Family,
  ) {}

  /** True when nobody is left within the grace. */
  async politely(graceMs: number): Promise<boolean> {
    return this.within(graceMs, () => {
      this.signal('SIGTERM', (one) => !this.told.has(keyOf(one)));
      for (const one of this.members) this.told.add(keyOf(one));
    });
  }

  async byForce(): Promise<boolean> {
    const { controlGroup } = this.family;
    if (controlGroup !== undefined) freezeControlGroup(controlGroup, true);
    try {
      return await this.within(KILL_WAIT_MS, () => {
        this.freeze();
        this.signal('SIGKILL', () => true);
      });
    } finally {
      if (controlGroup !== undefined) freezeControlGroup(controlGroup, false);
    }
  }

  names(): string[] {
    return this.members.slice(0, 5).map(({ pid }) => `${nameOf(pid)} ${pid}`);
  }

  /** The group as one, so that none of it is missed; the others one by one. */
  private signal(signal: NodeJS.Signals, isMeant: (one: ProcessStat) => boolean): void {
    const meant = this.members.filter(isMeant);
    if (meant.some((one) => this.isInGroup(one))) signalGroup(this.family.identity!.pid, signal);
    for (const one of meant) if (!this.isInGroup(one)) signalProcess(one, signal);
  }

  private isInGroup({ group }: ProcessStat): boolean {
    return group === this.family.identity?.pid;
  }

  private freeze(): void {
    const frozen = new Set<string>();
    for (let round = 0; round < FREEZE_ROUNDS; round += 1) {
      const moving = this.members.filter((one) => !frozen.has(keyOf(one)));
      if (moving.length === 0) return;
      for (const one of moving) {
        frozen.add(keyOf(one));
        signalProcess(one, 'SIGSTOP');
      }
      this.look();
    }
  }

  private async within(waitMs: number, act: () => void): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    let pollMs = FIRST_POLL_MS;
    for (;;) {
      this.look();
      if (this.members.length === 0) return true;
      if (performance.now() >= deadline) return false;
      act();
      await pause(Math.min(pollMs, Math.max(1, deadline - performance.now())));
      pollMs = Math.min(pollMs * 1.5, MOST_POLL_MS);
    }
  }

  private look(): void {
    this.members = this.families.of(this.family);
    for (const one of this.members) {
      if (this.family.identity && !this.isInGroup(one)) this.escaped.add(keyOf(one));
    }
  }
}

function keyOf({ pid, startTime }: ProcessStat): string {
  return `${pid}:${startTime}`;
}

/** Nobody else who came to own the pid since the look. */
function signalProcess({ pid, startTime }: ProcessStat, signal: NodeJS.Signals): void {
  if (readProcess(pid)?.startTime !== startTime) return;
  try {
    process.kill(pid, signal);
  } catch {
    // Gone since, or another user's, which this agent cannot end: the next look tells.
  }
}

/** Where nothing tells who belongs together but the group. */
async function endGroup({ identity }: Family, graceMs: number): Promise<EndedFamily> {
  if (!identity || !isAlive(identity)) return { escaped: 0 };
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs] as const,
    ['SIGKILL', KILL_WAIT_MS] as const,
  ]) {
    signalGroup(identity.pid, signal);
    if (await hasLeaderEndedWithin(identity, waitMs)) return { escaped: 0 };
  }
  throw doesNotStop([String(identity.pid)]);
}

function doesNotStop(names: readonly string[]): DomainError {
  return new DomainError(
    'unavailable',
    'does-not-stop',
    `Processes do not end, not even by SIGKILL: ${names.join(', ')}. See what they wait for, a disk or a network file system perhaps, or whether another user owns them.`,
  );
}
