import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../kernel/clock.js';
import type { ReleaseStore } from '../artifacts/release-store.js';
import type { InstanceRecord, Journal } from '../journal/journal.js';
import type { HookName } from '../protocol/manifest.js';
import type { FrontWatch } from './front-watch.js';
import type { HookRunner } from './hook-runner.js';
import type { Instances } from './instances.js';
import type { KeptConnections } from './kept-connections.js';
import type { Launcher } from './launcher.js';
import type { ModuleAccess } from './module-access.js';
import type { ModuleUsers } from './module-user.js';
import type { PortHolder } from './port-holder.js';
import type { ReleaseSpec } from './release-spec.js';
import type { Rounds } from './rounds.js';
import type { Routing } from './routing.js';

/** What the supervision of one module works with; the same for all modules of a node. */
export interface ModuleTools {
  readonly journal: Journal;
  readonly instances: Instances;
  readonly launcher: Launcher;
  readonly releases: ReleaseStore;
  readonly hooks: HookRunner;
  /** As whom modules run. */
  readonly users: ModuleUsers;
  readonly access: ModuleAccess;
  readonly routing: Routing;
  readonly frontWatch: FrontWatch;
  readonly portHolder: Pick<PortHolder, 'nameOf'>;
  readonly rounds: Rounds;
  readonly connections: KeptConnections;
  readonly clock: Clock;
  /** Told of what has failed, and what it has printed. */
  readonly failures: FailureSink;
  readonly trustedKeys: readonly KeyObject[];
  readonly host: string;
  readonly log: Logger;
  /** Something that a report would show has changed. */
  readonly onChange: () => void;
}

/** Something of a module has failed. */
export interface Failure {
  readonly moduleId: string;
  readonly generation: number;
  readonly spec: ReleaseSpec;
  /** Of whose output: the instance, or `hook-` and its name. */
  readonly source: string;
  readonly code: string;
}

export interface FailureSink {
  note(failure: Failure): void;
}

export interface HookCall {
  readonly moduleId: string;
  readonly moduleName: string;
  readonly generation: number;
  readonly hook: HookName;
  readonly spec: ReleaseSpec;
}

/** Runs the hook if the manifest has it. Throws GenerationEnd. */
export async function runHook(tools: ModuleTools, call: HookCall): Promise<void> {
  const { moduleId, moduleName, generation, hook, spec } = call;
  const declared = spec.manifest.hooks[hook];
  if (!declared) return;
  const isBefore = hook === 'beforeInstall';
  const directory = isBefore
    ? tools.releases.moduleDirectory(moduleId)
    : tools.releases.directoryOf(moduleId, spec.release);
  const user = tools.users.for(moduleName);
  await tools.access.grant(user, moduleId, isBefore ? undefined : directory);
  await tools.hooks.run({
    key: { moduleId, generation, releaseId: spec.release.releaseId, hook },
    hook: declared,
    directory,
    environment: tools.launcher.environment(moduleName, spec),
    output: tools.launcher.output(moduleId),
    mask: tools.launcher.maskFor(spec),
    user,
  });
}

/** Says how many of its processes had left the group: without that they would run on. */
export async function stopInstance(
  tools: ModuleTools,
  record: InstanceRecord,
  graceMs: number,
): Promise<number> {
  tools.connections.close(record.instance);
  const escaped = await tools.launcher.stop(record, graceMs);
  if (escaped > 0) {
    const { moduleName: module, instance } = record;
    const who = escaped === 1 ? '1 process' : `${escaped} processes`;
    tools.log.warn({ module, instance, escaped }, `${who} had left the group; ended with the rest`);
  }
  return escaped;
}
