import type { CutHook } from '../../drivers/targets/target.js';
import type { Targets } from '../../drivers/targets/targets.js';
import type { OpenContext } from '../../platform/context.js';
import { hookOutcomeNeeded, noHookToAnswer } from '../deployment.errors.js';
import { specOf } from '../runs/spec-of.js';

export interface ResumeRequest {
  readonly reason?: string | undefined;
  /** What became of a hook that a crash has cut off. */
  readonly outcome?: 'done' | 'retry' | undefined;
  readonly node?: string | undefined;
  readonly ifMatch?: string | undefined;
}

export async function cutHooksOf(
  open: OpenContext,
  id: string,
  targets: Targets,
): Promise<CutHook[]> {
  const { cluster, module } = await specOf(open, id);
  const about = { clusterId: cluster.id, moduleId: module.id, deploymentId: id };
  const { hooks } = targets.get(cluster.targetKind);
  return hooks ? hooks.cut(open, about) : [];
}

/** Throws DomainError when an answer is needed and missing, or is about nothing. */
export function checkAnswer(cut: readonly CutHook[], { outcome, node }: ResumeRequest): void {
  const nodes = cut.map(({ name }) => name);
  if (outcome === undefined && cut.length > 0) throw hookOutcomeNeeded(cut);
  if (outcome === undefined || (node === undefined ? cut.length > 0 : nodes.includes(node))) return;
  const where = node === undefined ? 'any node' : `node "${node}"`;
  throw noHookToAnswer(where, nodes);
}
