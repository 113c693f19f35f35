/**
 * What the agent's driver tells whoever waits for nodes, after a report was committed. A hint, best
 * effort: who waits also looks by itself. A global module above provides it; without one nobody
 * is told.
 */
export abstract class NodeReported {
  abstract nodeReported(report: NodeReport): void | Promise<void>;
}

export interface NodeReport {
  readonly tenantId: string;
  readonly nodeId: string;
  readonly clusterId: string;
  /** Modules whose observed state differs from the report before. Never empty. */
  readonly changedModuleIds: readonly string[];
}
