import type { DesiredModule } from '../protocol/protocol.js';
import type { ProcessIdentity } from '../supervisor/proc.js';
import type { HookPhase } from './carried-hooks.js';
import { JournalFile } from './journal-file.js';
import {
  emptyState,
  fold,
  type HookKey,
  hookText,
  type InstanceRecord,
  type JournalRecord,
  moduleOf,
  type ModuleState,
  type Outcome,
  type Serving,
} from './journal-state.js';
import type { HookProcess, UnendedHook } from './unended-hooks.js';

export type {
  HookKey,
  InstanceRecord,
  ModuleState,
  Outcome,
  Reason,
  Serving,
} from './journal-state.js';

const COMPACT_RECORDS = 500;
const COMPACT_BYTES = 4 * 1024 * 1024;

/**
 * What this node has accepted and done. Every record is on disk before its effect, so that an agent
 * killed at any moment knows afterwards what may be running. State is the fold of the records.
 */
export class Journal {
  private state = emptyState();
  private recordsSinceSnapshot = 0;
  private snapshotBytes = 0;

  private constructor(private readonly file: JournalFile) {}

  /** Throws DomainError `journal-damaged`. */
  static open(path: string): Journal {
    const { file, records } = JournalFile.open(path);
    const journal = new Journal(file);
    for (const record of records) journal.fold(record as JournalRecord);
    journal.recordsSinceSnapshot = records.length;
    return journal;
  }

  get revision(): number {
    return this.state.revision;
  }

  get reportIntervalMs(): number {
    return this.state.reportIntervalMs;
  }

  /** Of the cluster. */
  get trustedProxies(): readonly string[] {
    return this.state.trustedProxies ?? [];
  }

  moduleIds(): string[] {
    return Object.keys(this.state.modules);
  }

  module(moduleId: string): ModuleState {
    return moduleOf(this.state, moduleId);
  }

  instances(moduleId?: string): InstanceRecord[] {
    const all = Object.values(this.state.instances);
    return moduleId === undefined ? all : all.filter((one) => one.moduleId === moduleId);
  }

  hookPhase(key: HookKey): HookPhase | undefined {
    return moduleOf(this.state, key.moduleId).hooks[hookText(key)];
  }

  /** Hooks of all generations whose end nobody has seen, the oldest first. */
  unendedHooks(moduleId: string): UnendedHook[] {
    return Object.values(moduleOf(this.state, moduleId).unended ?? {});
  }

  revisionAccepted(
    revision: number,
    reportIntervalMs: number,
    trustedProxies = this.trustedProxies,
  ): void {
    const { state } = this;
    const isKnown = revision === state.revision && reportIntervalMs === state.reportIntervalMs;
    if (isKnown && trustedProxies.join() === this.trustedProxies.join()) return;
    this.write({ type: 'revision', revision, reportIntervalMs, trustedProxies });
  }

  accepted(module: DesiredModule, digest: string): void {
    this.write({ type: 'accepted', module, digest });
  }

  settled(moduleId: string, outcome: Outcome): void {
    this.write({ type: 'outcome', moduleId, outcome });
  }

  /** `keepPrevious`: this is a way back, so what was there is not worth remembering. */
  serves(moduleId: string, serving: Serving, keepPrevious = false): void {
    this.write({ type: 'serving', moduleId, serving, keepPrevious });
  }

  /** What serves is stopped next, for the new one must not run beside it. */
  madeRoom(moduleId: string, generation: number): void {
    this.write({ type: 'made-room', moduleId, generation });
  }

  instanceStarting(instance: InstanceRecord): void {
    this.write({ type: 'instance-starting', instance });
  }

  instanceStarted(instance: string, identity: ProcessIdentity): void {
    this.write({ type: 'instance-started', instance, identity });
  }

  instanceRetiring(instance: string): void {
    const known = this.state.instances[instance];
    if (known && !known.isRetiring) this.write({ type: 'instance-retiring', instance });
  }

  instanceGone(instance: string): void {
    if (instance in this.state.instances) this.write({ type: 'instance-gone', instance });
  }

  hookStarted(key: HookKey, process: HookProcess): void {
    const { moduleId, ...hook } = key;
    const unended = { ...hook, ...process };
    this.write({ type: 'hook', moduleId, key: hookText(key), phase: 'started', unended });
  }

  hookEnded(key: HookKey, phase: Exclude<HookPhase, 'started'>): void {
    this.write({ type: 'hook', moduleId: key.moduleId, key: hookText(key), phase });
  }

  /** It does not run any more, and nobody needs to know how it ended. */
  hookOver(key: HookKey): void {
    const { moduleId } = key;
    const text = hookText(key);
    const isKnown = text in (moduleOf(this.state, moduleId).unended ?? {});
    if (isKnown) this.write({ type: 'hook-over', moduleId, key: text });
  }

  close(): void {
    this.file.close();
  }

  private write(record: JournalRecord): void {
    this.file.append(record);
    this.fold(record);
    this.recordsSinceSnapshot += 1;
    const isLong = this.recordsSinceSnapshot > COMPACT_RECORDS;
    if (isLong || this.file.sizeBytes > COMPACT_BYTES + 2 * this.snapshotBytes) this.compact();
  }

  /** The record is on disk: whoever wrote it must not be told otherwise because this has no room. */
  private compact(): void {
    this.recordsSinceSnapshot = 0;
    try {
      this.file.rewrite([{ type: 'snapshot', state: this.state } satisfies JournalRecord]);
    } catch {
      // Tried again after as many records; until then the file is only longer than need be.
    }
    this.snapshotBytes = this.file.sizeBytes;
  }

  private fold(record: JournalRecord): void {
    this.state = fold(this.state, record);
  }
}
