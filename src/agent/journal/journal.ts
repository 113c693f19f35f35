import type { DesiredModule, DesiredRelease } from '../protocol/protocol.js';
import type { HookName } from '../protocol/manifest.js';
import type { ProcessIdentity } from '../supervisor/proc.js';
import { carriedHooks, type HookPhase } from './carried-hooks.js';
import { JournalFile } from './journal-file.js';

/**
 * What this node has accepted and done. Every record is on disk before its effect, so that an agent
 * killed at any moment knows afterwards what may be running. State is the fold of the records.
 */
export interface ModuleState {
  readonly accepted: { module: DesiredModule; digest: string } | null;
  /** How the accepted generation ended; null while it converges. */
  readonly outcome: Outcome | null;
  /** What gets traffic, or runs, once a generation has settled; and what did before. */
  readonly serving: Serving;
  readonly previous: Serving;
  /** The generation for which what serves was stopped, ahead of its successor's start. */
  readonly madeRoomFor?: number;
}

export interface Outcome {
  readonly generation: number;
  readonly state: 'healthy' | 'absent' | 'failed' | 'refused' | 'outcome-unknown';
  readonly reason?: Reason;
}

export interface Reason {
  readonly code: string;
  readonly message: string;
}

export interface Serving {
  readonly generation: number;
  readonly releases: readonly DesiredRelease[];
}

/** One run of a release: a process group of its own. */
export interface InstanceRecord {
  readonly instance: string;
  readonly moduleId: string;
  readonly moduleName: string;
  readonly slot: string;
  readonly release: DesiredRelease;
  readonly port: number;
  /** Null: the agent died before it could write the pid down. */
  readonly identity: ProcessIdentity | null;
}

export interface HookKey {
  readonly moduleId: string;
  readonly generation: number;
  readonly releaseId: string;
  readonly hook: HookName;
}

type JournalRecord =
  | { type: 'snapshot'; state: StoredState }
  | { type: 'revision'; revision: number; reportIntervalMs: number }
  | { type: 'accepted'; module: DesiredModule; digest: string }
  | { type: 'outcome'; moduleId: string; outcome: Outcome }
  | { type: 'serving'; moduleId: string; serving: Serving; keepPrevious: boolean }
  | { type: 'made-room'; moduleId: string; generation: number }
  | { type: 'instance-starting'; instance: InstanceRecord }
  | { type: 'instance-started'; instance: string; identity: ProcessIdentity }
  | { type: 'instance-gone'; instance: string }
  | { type: 'hook'; moduleId: string; key: string; phase: HookPhase };

interface StoredState {
  revision: number;
  reportIntervalMs: number;
  modules: Record<string, ModuleState & { hooks: Record<string, HookPhase> }>;
  instances: Record<string, InstanceRecord>;
}

const nothing: Serving = { generation: 0, releases: [] };
const COMPACT_RECORDS = 500;
const COMPACT_BYTES = 4 * 1024 * 1024;

export class Journal {
  private state: StoredState = {
    revision: 0,
    reportIntervalMs: 5000,
    modules: {},
    instances: {},
  };
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

  moduleIds(): string[] {
    return Object.keys(this.state.modules);
  }

  module(moduleId: string): ModuleState {
    const empty = { accepted: null, outcome: null, serving: nothing, previous: nothing };
    return this.state.modules[moduleId] ?? empty;
  }

  instances(moduleId?: string): InstanceRecord[] {
    const all = Object.values(this.state.instances);
    return moduleId === undefined ? all : all.filter((one) => one.moduleId === moduleId);
  }

  hookPhase(key: HookKey): HookPhase | undefined {
    return this.state.modules[key.moduleId]?.hooks[hookText(key)];
  }

  revisionAccepted(revision: number, reportIntervalMs: number): void {
    if (revision === this.state.revision && reportIntervalMs === this.state.reportIntervalMs)
      return;
    this.write({ type: 'revision', revision, reportIntervalMs });
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

  instanceGone(instance: string): void {
    if (instance in this.state.instances) this.write({ type: 'instance-gone', instance });
  }

  hook(key: HookKey, phase: HookPhase): void {
    this.write({ type: 'hook', moduleId: key.moduleId, key: hookText(key), phase });
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
    switch (record.type) {
      case 'snapshot':
        this.state = structuredClone(record.state);
        return;
      case 'revision':
        this.state.revision = record.revision;
        this.state.reportIntervalMs = record.reportIntervalMs;
        return;
      case 'instance-starting':
        this.state.instances[record.instance.instance] = record.instance;
        return;
      case 'instance-started': {
        const known = this.state.instances[record.instance];
        if (known) {
          this.state.instances[record.instance] = { ...known, identity: record.identity };
        }
        return;
      }
      case 'instance-gone':
        delete this.state.instances[record.instance];
        return;
      default:
        this.foldModule(record);
    }
  }

  private foldModule(
    record: Extract<
      JournalRecord,
      { type: 'accepted' | 'outcome' | 'serving' | 'hook' | 'made-room' }
    >,
  ): void {
    const moduleId = record.type === 'accepted' ? record.module.moduleId : record.moduleId;
    const before = this.state.modules[moduleId] ?? { ...this.module(moduleId), hooks: {} };
    switch (record.type) {
      case 'accepted': {
        const { module, digest } = record;
        this.state.modules[moduleId] = {
          ...before,
          accepted: { module, digest },
          outcome: null,
          hooks: carriedHooks(before.hooks, module),
        };
        return;
      }
      case 'outcome':
        this.state.modules[moduleId] = { ...before, outcome: record.outcome };
        return;
      case 'serving': {
        const previous = record.keepPrevious ? before.previous : before.serving;
        this.state.modules[moduleId] = { ...before, serving: record.serving, previous };
        return;
      }
      case 'made-room':
        this.state.modules[moduleId] = { ...before, madeRoomFor: record.generation };
        return;
      case 'hook':
        this.state.modules[moduleId] = {
          ...before,
          hooks: { ...before.hooks, [record.key]: record.phase },
        };
    }
  }
}

function hookText(key: HookKey): string {
  return `${key.generation}/${key.releaseId}/${key.hook}`;
}
