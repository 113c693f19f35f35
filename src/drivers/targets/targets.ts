import { Injectable } from '@nestjs/common';
import { registry, type Registry } from '../../kernel/registry.js';
import { AgentTarget } from './agent/agent.target.js';
import type { Target } from './target.js';

/** Every sort of target there is. A new one is a folder here and a line below. */
@Injectable()
export class Targets {
  private readonly registry: Registry<Target>;

  constructor(agent: AgentTarget) {
    this.registry = registry<Target>('target', [agent]);
  }

  get kinds(): readonly string[] {
    return this.registry.kinds;
  }

  /** Throws DomainError `unknown-target`. */
  get(kind: string): Target {
    return this.registry.get(kind);
  }
}
