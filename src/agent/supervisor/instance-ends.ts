import type { InstanceRecord } from '../journal/journal.js';
import type { Families } from './families.js';
import { familyOf, type OwnChildren } from './instances.js';
import { listenersOn, portsOf } from './listeners.js';
import { nameOf, type ProcessStat } from './proc.js';

const SHOWN = 3;
const ADVICE =
  'Run it in the foreground (for nginx: -g "daemon off;"), or the agent can neither watch it nor start it again.';

interface End {
  readonly how: string;
  /** Null: by a signal. */
  readonly code: number | null;
}

/** How instances have ended, and what they have left running. */
export class InstanceEnds implements OwnChildren {
  private readonly ends = new Map<string, End>();
  /** Of this agent's own, those of whose end nothing was heard yet. */
  private readonly unheard = new Set<string>();

  constructor(private readonly families: Families) {}

  awaits(instance: string): void {
    this.unheard.add(instance);
  }

  /** What it has left is looked at in this moment: a daemon may overwrite what it is known by. */
  heard(record: InstanceRecord, code: number | null, signal: NodeJS.Signals | null): void {
    const how = signal ? `was ended by ${signal}` : `exited with code ${code ?? 'unknown'}`;
    const left = this.families.of(familyOf(record));
    const advice = code === 0 && left.length > 0 ? `. ${ADVICE}` : '';
    this.ends.set(record.instance, { how: `${how}${leftBehind(left)}${advice}`, code });
    this.unheard.delete(record.instance);
  }

  forget(instance: string): void {
    this.ends.delete(instance);
  }

  /** False: it has ended, and how is known in a moment. */
  hasHeardOf(instance: string): boolean {
    return !this.unheard.has(instance);
  }

  runs(instance: string): boolean {
    return this.unheard.has(instance);
  }

  how(instance: string): string {
    return this.ends.get(instance)?.how ?? 'exited';
  }

  /** Null: by a signal, or not known. */
  codeOf(instance: string): number | null {
    return this.ends.get(instance)?.code ?? null;
  }

  /** On which ports its processes listen. */
  ports(record: InstanceRecord): number[] {
    return portsOf(this.families.of(familyOf(record)).map(({ pid }) => pid));
  }

  /** Which of its processes have its port. */
  listeners(record: InstanceRecord): number[] {
    const pids = this.families.of(familyOf(record)).map(({ pid }) => pid);
    return listenersOn(record.port, pids);
  }

  /**
   * Null: no. Else the sentence that says so: the command has ended well, as far as can be known,
   * and what it has started goes on without it.
   */
  daemonised(record: InstanceRecord): string | null {
    const end = this.ends.get(record.instance);
    if (end && end.code !== 0) return null;
    const left = this.families.of(familyOf(record));
    if (left.length === 0) return null;
    const what = this.listeners(record).length > 0 ? 'a process that listens' : 'a process';
    const how = end ? ' with code 0' : '';
    return `The command ended${how} but left ${what} (${shown(left)}). ${ADVICE}`;
  }
}

function leftBehind(left: readonly ProcessStat[]): string {
  if (left.length === 0) return '';
  const count = left.length === 1 ? '1 process' : `${left.length} processes`;
  return ` and left ${count} running (${shown(left)})`;
}

function shown(processes: readonly ProcessStat[]): string {
  const names = processes.slice(0, SHOWN).map(({ pid }) => `${nameOf(pid)} ${pid}`);
  return names.join(', ') + (processes.length > SHOWN ? ', …' : '');
}
