/** What entries of a deployment name by a digest: read where it is kept, and held against that digest. */
import type { JournalEntry } from '../../../engine/journal.js';
import { auditLimits } from '../../../kernel/audit-limits.js';
import { digestOf } from '../../../kernel/digest.js';
import type { MovedNode, Receipt } from '../../../kernel/receipt/receipt.js';
import { isFields, type StatedEntry } from '../../../kernel/receipt/stated-entry.js';
import type { OpenContext } from '../../../platform/context.js';
import { decisionsOf } from '../../../deployments/approvals/requests/decisions.store.js';
import { evidenceOf } from '../../../deployments/approvals/requests/facts.js';
import { journalOf } from '../../../deployments/reads/journal.queries.js';
import { type DeploymentPlan, plansOf } from '../../../deployments/reads/plans.queries.js';
import { movedNodes } from '../../../deployments/steps/moved-nodes.js';

type Evidence = Receipt['attachments']['evidence'];

/** Signatures under decisions, by their digests: those that entries name. */
export async function evidenceIn(
  open: OpenContext,
  id: string,
  entries: readonly StatedEntry[],
): Promise<Evidence> {
  const named = new Set(entries.flatMap(({ body }) => digestIn(body['evidence'])));
  if (named.size === 0) return {};
  const kept = (await decisionsOf(open, id)).flatMap((decision) => {
    const proof = evidenceOf(decision);
    return isFields(proof) ? [[digestOf('evidence', proof).digest, proof] as const] : [];
  });
  return Object.fromEntries(kept.filter(([digest]) => named.has(digest)));
}

const digestIn = (evidence: unknown): string[] =>
  isFields(evidence) && typeof evidence['digest'] === 'string' ? [evidence['digest']] : [];

export interface NodesMoved {
  readonly nodes: Receipt['attachments']['nodes'];
  /** Digests of those for which there is no room, or which are not there. */
  readonly leftOut: readonly string[];
}

/** The nodes of each wave with their generations, as plan and journal have them. */
export async function nodesIn(
  open: OpenContext,
  id: string,
  entries: readonly StatedEntry[],
): Promise<NodesMoved> {
  const waves = entries.filter(({ action }) => action === 'deployment-wave-moved');
  if (waves.length === 0) return { nodes: {}, leftOut: [] };
  const lists = await listsOf(open, id);
  const nodes: Record<string, MovedNode[]> = {};
  const leftOut: string[] = [];
  let room: number = auditLimits.receiptNodes;
  for (const digest of new Set(waves.map(({ body }) => String(body['nodesDigest'])))) {
    const list = lists.get(digest);
    if (list && list.length <= room) {
      nodes[digest] = list;
      room -= list.length;
    } else if (list) leftOut.push(digest);
  }
  return { nodes, leftOut };
}

async function listsOf(open: OpenContext, id: string): Promise<Map<string, MovedNode[]>> {
  const plans = await plansOf(open, [id]);
  const lists = (await journalOf(open, id)).flatMap((entry) => movedBy(entry, plans));
  return new Map(lists.map((list) => [digestOf('nodes', list).digest, list]));
}

function movedBy(
  { kind, planNumber, stepId, data }: JournalEntry,
  plans: readonly DeploymentPlan[],
): MovedNode[][] {
  const { generations } = data;
  if (kind !== 'step-succeeded' || !Array.isArray(generations)) return [];
  const steps = plans.find(({ number }) => number === planNumber)?.plan.steps ?? [];
  const step = steps.find((each) => each.id === stepId);
  return step ? [movedNodes(step, generations as (number | null)[])] : [];
}
