import type { InstanceRecord, Journal } from '../journal/journal.js';
import { allProcesses, nameOf } from './proc.js';
import { familyOf, type Instances } from './instances.js';
import type { Families } from './families.js';
import { listenerOn } from './listeners.js';
import { specOf } from './release-spec.js';

export interface PortHolderParts {
  readonly journal: Journal;
  readonly instances: Pick<Instances, 'all'>;
  readonly families: Pick<Families, 'find'>;
  /** The port that clients use. */
  readonly clientPort: (port: number) => number;
}

/**
 * Who has a port that a module of this node wants, in words for whoever has to free it: another module
 * that is served on it, an instance that has opened it by itself, or another program. Command lines
 * are left out: they may hold secrets.
 */
export class PortHolder {
  constructor(private readonly parts: PortHolderParts) {}

  /** `forModule` is the one that wants it. */
  nameOf(clientPort: number, forModule: string): string {
    const served = this.servedOn(clientPort, forModule);
    if (served !== null) return `module "${served}"`;
    const listener = listenerOn(
      clientPort,
      allProcesses().map(({ pid }) => pid),
    );
    if (!listener) return 'another program';
    const { pid, uid } = listener;
    if (pid === null) return `a program of another user (uid ${uid})`;
    const record = this.instanceOf(pid);
    const program = `${nameOf(pid)}, pid ${pid}`;
    if (!record) return `another program (${program})`;
    const whose = record.moduleId === forModule ? 'an instance of its own' : 'module';
    return `${whose} "${record.moduleName}", which has opened it itself (${program}) instead of PORT`;
  }

  private servedOn(clientPort: number, forModule: string): string | null {
    const { journal } = this.parts;
    for (const moduleId of journal.moduleIds()) {
      if (moduleId === forModule) continue;
      const { accepted, serving } = journal.module(moduleId);
      const ports = serving.releases.map((one) => specOf(one).manifest.traffic?.port);
      const has = ports.some(
        (one) => one !== undefined && this.parts.clientPort(one) === clientPort,
      );
      if (has) return accepted?.module.name ?? moduleId;
    }
    return null;
  }

  private instanceOf(pid: number): InstanceRecord | undefined {
    const records = this.parts.instances.all();
    const found = this.parts.families.find(records.map(familyOf));
    return records.find(({ instance }) => found.get(instance)?.some((one) => one.pid === pid));
  }
}
