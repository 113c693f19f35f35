import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { newId } from '../../kernel/ids.js';
import type { ReleaseStore } from '../artifacts/release-store.js';
import type { InstanceRecord, Journal } from '../journal/journal.js';
import { type ControlGroups, removeControlGroup } from './control-groups.js';
import { endFamily } from './end-family.js';
import { type Families, INSTANCE_VARIABLE } from './families.js';
import { InstancePorts } from './instance-ports.js';
import { InstanceEnds } from './instance-ends.js';
import { familyOf, type Instances, isRunning } from './instances.js';
import { type Mask, maskOf } from './mask.js';
import type { ModuleAccess } from './module-access.js';
import { ModuleOutput } from './module-output.js';
import { environmentOfUser, type ModuleUsers } from './module-user.js';
import { bootId, startTimeOf } from './proc.js';
import { signalGroup } from './process-group.js';
import { type ReleaseSpec, specOf } from './release-spec.js';
import { faultBehind, type StartCommand, startFault } from './start-fault.js';
import { startProgram } from './start-program.js';

export interface LauncherParts {
  readonly journal: Journal;
  readonly instances: Instances;
  readonly families: Families;
  /** Null: the agent may not make any. */
  readonly controlGroups: ControlGroups | null;
  readonly releases: ReleaseStore;
  readonly nodeName: string;
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly users: ModuleUsers;
  readonly access: ModuleAccess;
  readonly ends: InstanceEnds;
  /** The agent's own, which no module's output may show. */
  readonly secrets: readonly string[];
  /** An instance of this agent's own has exited. */
  readonly onExit: (record: InstanceRecord) => void;
}

/** Starts and stops instances. Each is a process group of its own that outlives the agent. */
export class Launcher {
  readonly ends: InstanceEnds;
  private readonly starting = new Map<string, Promise<InstanceRecord>>();
  private readonly outputs = new Map<string, ModuleOutput>();
  private readonly ports = new InstancePorts();

  constructor(private readonly parts: LauncherParts) {
    this.ends = parts.ends;
  }

  /** Of instances that another agent has started: nobody else may be given their ports. */
  async reservePorts(adopted: readonly InstanceRecord[]): Promise<void> {
    await Promise.all(adopted.map(({ port }) => this.ports.reserve(port)));
  }

  /** The slot's running instance, or a new one; two callers at once get the same. */
  ensure(moduleId: string, moduleName: string, spec: ReleaseSpec): Promise<InstanceRecord> {
    const key = `${moduleId} ${spec.slot}`;
    const pending = this.starting.get(key);
    if (pending) return pending;
    const live = this.parts.instances.live(moduleId, spec.slot);
    if (live) return Promise.resolve(live);
    const started = this.start(moduleId, moduleName, spec).finally(() => this.starting.delete(key));
    this.starting.set(key, started);
    return started;
  }

  /**
   * Ends all its processes and forgets the instance. Answers how many of them had left the group.
   * Throws DomainError `does-not-stop`, and forgets nothing then.
   */
  async stop(record: InstanceRecord, graceMs: number): Promise<number> {
    const { escaped } = await endFamily(this.parts.families, familyOf(record), graceMs);
    if (record.controlGroup !== undefined) removeControlGroup(record.controlGroup);
    // What it wrote last: nobody looks at the output of an instance that is gone.
    this.output(record.moduleId).rotate(record.instance);
    const { instances } = this.parts;
    instances.gone(record.instance);
    // A record of before a reboot may name a port that another instance has by now.
    if (!instances.all().some(({ port }) => port === record.port)) this.ports.release(record.port);
    this.ends.forget(record.instance);
    return escaped;
  }

  /** How it ended, what was wrong with the file it was started from, and what it said last. */
  lastWords(record: InstanceRecord): string {
    const { instance, moduleName } = record;
    const how = isRunning(record) ? 'still runs' : this.ends.how(instance);
    const mask = this.maskFor(specOf(record.release));
    const tail = this.output(record.moduleId).tail(instance, mask);
    const said = tail === '' ? ' and printed nothing.' : `. Its last output: ${tail}`;
    const code = this.ends.codeOf(instance);
    const command = this.commandOf(record.moduleId, moduleName, specOf(record.release));
    const fault = code === null ? null : faultBehind(command, code);
    return fault === null ? `It ${how}${said}` : `${fault}. It ${how}${said}`;
  }

  output(moduleId: string): ModuleOutput {
    let output = this.outputs.get(moduleId);
    if (!output) {
      output = new ModuleOutput(join(this.parts.releases.moduleDirectory(moduleId), 'logs'));
      this.outputs.set(moduleId, output);
    }
    return output;
  }

  environment(moduleName: string, spec: ReleaseSpec): Record<string, string> {
    return {
      ...this.parts.baseEnvironment,
      ...environmentOfUser(this.parts.users.for(moduleName)),
      ...spec.manifest.run.env,
      ...spec.manifest.configuration,
      ...spec.release.configuration,
      TIDEGATE_MODULE: moduleName,
      TIDEGATE_VERSION: spec.release.version,
      TIDEGATE_NODE: this.parts.nodeName,
    };
  }

  /** For what it prints. */
  maskFor(spec: ReleaseSpec): Mask {
    const { run, configuration } = spec.manifest;
    const values = { ...run.env, ...configuration, ...spec.release.configuration };
    return maskOf(values, this.parts.secrets);
  }

  private commandOf(moduleId: string, moduleName: string, spec: ReleaseSpec): StartCommand {
    return {
      command: spec.manifest.run.command,
      field: 'run.command',
      directory: this.parts.releases.directoryOf(moduleId, spec.release),
      path: this.environment(moduleName, spec).PATH,
      user: this.parts.users.for(moduleName),
    };
  }

  private async start(
    moduleId: string,
    moduleName: string,
    spec: ReleaseSpec,
  ): Promise<InstanceRecord> {
    const { slot, release } = spec;
    const port = await this.ports.take();
    const instance = newId();
    const record = { instance, moduleId, moduleName, slot, release, port, identity: null };
    const controlGroup = this.parts.controlGroups?.pathOf(instance);
    try {
      return await this.startAs({ ...record, ...(controlGroup && { controlGroup }) }, spec);
    } catch (error) {
      this.ports.release(port);
      throw error;
    }
  }

  private inside<Started>({ controlGroup }: InstanceRecord, start: () => Started): Started {
    const { controlGroups } = this.parts;
    return controlGroup && controlGroups ? controlGroups.within(controlGroup, start) : start();
  }

  private async startAs(record: InstanceRecord, spec: ReleaseSpec): Promise<InstanceRecord> {
    const { instance, moduleId, moduleName, port } = record;
    const { release, manifest } = spec;
    this.parts.journal.instanceStarting(record);
    const user = this.parts.users.for(moduleName);
    const output = this.output(moduleId).open(instance, user);
    let child: ChildProcess | undefined;
    try {
      const directory = this.parts.releases.directoryOf(moduleId, release);
      const own = { PORT: String(port), [INSTANCE_VARIABLE]: instance };
      const environment = { ...this.environment(moduleName, spec), ...own };
      await this.parts.access.grant(user, moduleId, directory);
      const { command, args } = manifest.run;
      const program = { command, args, directory, environment, output, user };
      child = this.inside(record, () => startProgram(program));
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => child!.once('error', resolve));
      if (child.pid === undefined) throw await failed;
      const identity = { pid: child.pid, startTime: startTimeOf(child.pid), bootId };
      const started = { ...record, identity };
      child.once('exit', (code, signal) => {
        this.ends.heard(started, code, signal);
        this.parts.onExit(started);
      });
      this.ends.awaits(instance);
      child.unref();
      await failpoint('agent.instance:after-spawn');
      this.parts.journal.instanceStarted(instance, identity);
      return started;
    } catch (error) {
      // Nobody would know of it: it must not go on running.
      if (child?.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      await endFamily(this.parts.families, familyOf(record), 0);
      if (record.controlGroup !== undefined) removeControlGroup(record.controlGroup);
      this.parts.instances.gone(instance);
      if (error instanceof DomainError) throw error;
      if (child?.pid !== undefined) throw notKept(manifest.run.command, error);
      throw cannotStart(this.commandOf(moduleId, moduleName, spec), error);
    } finally {
      closeSync(output);
    }
  }
}

/** A full disk, say. */
function notKept(command: string, cause: unknown): DomainError {
  const message = `"${command}" was stopped again: the agent could not write down that it had started it (${messageOf(cause)}).`;
  return new DomainError('conflict', 'start-failed', message, { cause });
}

function cannotStart(command: StartCommand, cause: unknown): DomainError {
  const { code } = cause as NodeJS.ErrnoException;
  const message = `${startFault(command, code)}.`;
  return new DomainError('conflict', 'start-failed', message, { cause });
}
