import { printable } from '../../kernel/text.js';
import { judgeModule } from '../desired/judge-module.js';
import type { VerifiedStatement } from '../desired/verify-statement.js';
import type { ObservedModule } from '../protocol/protocol.js';
import { ModuleSupervisor } from './module-supervisor.js';
import type { ModuleTools } from './module-tools.js';

/** All modules of this node. */
export class Supervisor {
  private readonly modules = new Map<string, ModuleSupervisor>();

  constructor(private readonly tools: ModuleTools) {}

  /** Finds again what runs, makes the front agree, and goes on where the journal ends. */
  async start(): Promise<void> {
    const adopted = this.tools.instances.adopt();
    this.tools.log.info({ instances: adopted.length }, 'adopted');
    await this.tools.launcher.reservePorts(adopted);
    await this.tools.releases.clean();
    await this.tools.frontWatch.start();
    for (const moduleId of this.tools.journal.moduleIds()) this.supervisor(moduleId).resume();
  }

  /** Takes over what a verified statement says, module by module. */
  accept(statement: VerifiedStatement): void {
    const { journal, log } = this.tools;
    for (const module of statement.modules) {
      const judged = judgeModule(journal.module(module.moduleId).accepted, module);
      if (judged.verdict === 'accept') {
        journal.accepted(module, judged.digest);
        this.supervisor(module.moduleId).desired();
      } else if (judged.verdict === 'unchanged') {
        this.supervisor(module.moduleId).clearRefusal();
      } else {
        const { reason } = judged;
        log.error({ module: module.name, generation: module.generation, reason }, 'refused');
        this.supervisor(module.moduleId).refuse(module.generation, reason);
      }
    }
    for (const { moduleId, generation, reason } of statement.refused) {
      log.error({ moduleId, generation, reason: printable(reason.message) }, 'refused');
      this.supervisor(moduleId).refuse(generation, reason);
    }
    const { revision, reportIntervalMs, trustedProxies } = statement;
    journal.revisionAccepted(revision, reportIntervalMs, trustedProxies);
    this.tools.onChange();
  }

  /** What runs comes first: a report has room for so many, and the absent stay absent. */
  observe(): ObservedModule[] {
    const all = [...this.modules.values()].map((one) => one.observe());
    const isAbsent = (one: ObservedModule) => one.state === 'absent';
    return [...all.filter((one) => !isAbsent(one)), ...all.filter(isAbsent)];
  }

  noticeExit(moduleId: string): void {
    this.modules.get(moduleId)?.noticeExit();
  }

  async stop(): Promise<void> {
    this.tools.frontWatch.stop();
    this.tools.rounds.stop();
    this.tools.connections.closeAll();
    await Promise.all([...this.modules.values()].map((one) => one.stop()));
  }

  private supervisor(moduleId: string): ModuleSupervisor {
    let found = this.modules.get(moduleId);
    if (!found) {
      found = new ModuleSupervisor(this.tools, moduleId);
      this.modules.set(moduleId, found);
      found.watch();
    }
    return found;
  }
}
