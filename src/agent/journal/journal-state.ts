import type { HookName } from '../protocol/manifest.js';
import type { DesiredModule, DesiredRelease } from '../protocol/protocol.js';
import type { ProcessIdentity } from '../supervisor/proc.js';
import { carriedHooks, type HookPhase } from './carried-hooks.js';
import {
  answeredHooks,
  stoppedHooks,
  type UnendedHook,
  type UnendedHooks,
  withoutUnended,
  withUnended,
} from './unended-hooks.js';

/** What the journal says, as the fold of its records. */
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

/** One run of a release: a process group of its own, and whatever has left it. */
export interface InstanceRecord {
  readonly instance: string;
  readonly moduleId: string;
  readonly moduleName: string;
  readonly slot: string;
  readonly release: DesiredRelease;
  readonly port: number;
  /** Null: the agent died before it could write the pid down. */
  readonly identity: ProcessIdentity | null;
  readonly controlGroup?: string;
  /** On its way out, for good: it may have been told to end. */
  readonly isRetiring?: true;
}

export interface HookKey {
  readonly moduleId: string;
  readonly generation: number;
  readonly releaseId: string;
  readonly hook: HookName;
}

export type JournalRecord =
  | { type: 'snapshot'; state: StoredState }
  | {
      type: 'revision';
      revision: number;
      reportIntervalMs: number;
      /** Not there in a journal of before it was kept. */
      trustedProxies?: readonly string[];
    }
  | { type: 'instance-starting'; instance: InstanceRecord }
  | { type: 'instance-started'; instance: string; identity: ProcessIdentity }
  | { type: 'instance-retiring'; instance: string }
  | { type: 'instance-gone'; instance: string }
  | ModuleRecord;

type ModuleRecord =
  | { type: 'accepted'; module: DesiredModule; digest: string }
  | { type: 'outcome'; moduleId: string; outcome: Outcome }
  | { type: 'serving'; moduleId: string; serving: Serving; keepPrevious: boolean }
  | { type: 'made-room'; moduleId: string; generation: number }
  | { type: 'hook'; moduleId: string; key: string; phase: HookPhase; unended?: UnendedHook }
  | { type: 'hook-over'; moduleId: string; key: string };

interface StoredModule extends ModuleState {
  /** Of the accepted generation. */
  readonly hooks: Readonly<Record<string, HookPhase>>;
  /** Of whatever generation; not there in a journal of before it was kept. */
  readonly unended?: UnendedHooks;
}

export interface StoredState {
  revision: number;
  reportIntervalMs: number;
  trustedProxies?: readonly string[];
  modules: Record<string, StoredModule>;
  instances: Record<string, InstanceRecord>;
}

const nothing: Serving = { generation: 0, releases: [] };
const nobody: ModuleState = { accepted: null, outcome: null, serving: nothing, previous: nothing };

export function emptyState(): StoredState {
  return { revision: 0, reportIntervalMs: 5000, modules: {}, instances: {} };
}

export function moduleOf(state: StoredState, moduleId: string): StoredModule {
  return state.modules[moduleId] ?? { ...nobody, hooks: {} };
}

export function hookText(key: HookKey): string {
  return `${key.generation}/${key.releaseId}/${key.hook}`;
}

/** Changes the state as the record says; a snapshot takes its place. */
export function fold(state: StoredState, record: JournalRecord): StoredState {
  switch (record.type) {
    case 'snapshot':
      return structuredClone(record.state);
    case 'revision':
      state.revision = record.revision;
      state.reportIntervalMs = record.reportIntervalMs;
      if (record.trustedProxies) state.trustedProxies = record.trustedProxies;
      return state;
    case 'instance-starting':
      state.instances[record.instance.instance] = record.instance;
      return state;
    case 'instance-started': {
      const known = state.instances[record.instance];
      if (known) state.instances[record.instance] = { ...known, identity: record.identity };
      return state;
    }
    case 'instance-retiring': {
      const known = state.instances[record.instance];
      if (known) state.instances[record.instance] = { ...known, isRetiring: true };
      return state;
    }
    case 'instance-gone': {
      const gone = state.instances[record.instance];
      if (!gone) return state;
      delete state.instances[record.instance];
      const before = state.modules[gone.moduleId];
      if (!before) return state;
      const unended = stoppedHooks(before.unended, gone.release.releaseId);
      state.modules[gone.moduleId] = { ...before, unended };
      return state;
    }
    default: {
      const moduleId = record.type === 'accepted' ? record.module.moduleId : record.moduleId;
      state.modules[moduleId] = foldModule(moduleOf(state, moduleId), record);
      return state;
    }
  }
}

function foldModule(before: StoredModule, record: ModuleRecord): StoredModule {
  switch (record.type) {
    case 'accepted': {
      const { module, digest } = record;
      const generation = before.accepted?.module.generation ?? 0;
      return {
        ...before,
        accepted: { module, digest },
        outcome: null,
        hooks: carriedHooks(before.hooks, before.unended, module, generation),
        unended: answeredHooks(before.unended, module, generation),
      };
    }
    case 'outcome':
      return { ...before, outcome: record.outcome };
    case 'serving': {
      const previous = record.keepPrevious ? before.previous : before.serving;
      return { ...before, serving: record.serving, previous };
    }
    case 'made-room':
      return { ...before, madeRoomFor: record.generation };
    case 'hook': {
      const { key, phase, unended } = record;
      const hooks = { ...before.hooks, [key]: phase };
      if (unended) return { ...before, hooks, unended: withUnended(before.unended, key, unended) };
      return { ...before, hooks, unended: withoutUnended(before.unended, key) };
    }
    case 'hook-over':
      return { ...before, unended: withoutUnended(before.unended, record.key) };
  }
}
