/** Whether the entries of a receipt are those of its deployment: all of them, and no others. */
import type { Receipt } from './receipt.js';
import {
  COUNTED_ACTIONS,
  CREATED_ACTIONS,
  END_ACTIONS,
  PASSKEY_ACTION,
  RECEIPT_ACTIONS,
  WORKLOAD_ACTION,
} from './receipt-actions.js';
import type { Report } from './receipt-fault.js';
import { isFields, type StatedEntry } from './stated-entry.js';

export function checkEntries(
  { origin, deploymentId }: Receipt,
  entries: readonly StatedEntry[],
  report: Report,
): void {
  let before = -1;
  for (const entry of entries) {
    const { sequence, tenantId } = entry;
    if (sequence <= before) report('unexpected-entry', `entry ${sequence} is out of its order`);
    before = sequence;
    if (`tidegate/audit/${tenantId}` !== origin) {
      report('foreign-tenant', `entry ${sequence} is of another tenant`);
    }
    checkPlace(entry, { deploymentId, entries, report });
  }
  one(CREATED_ACTIONS, entries, report);
  one(END_ACTIONS, entries, report);
  checkCounts(entries, report);
}

interface Among {
  readonly deploymentId: string;
  readonly entries: readonly StatedEntry[];
  readonly report: Report;
}

function checkPlace(entry: StatedEntry, { deploymentId, entries, report }: Among): void {
  const { sequence, action } = entry;
  if (RECEIPT_ACTIONS.includes(action)) {
    if (entry.deploymentId !== deploymentId) {
      report('foreign-deployment', `entry ${sequence} is of another deployment`);
    }
    return;
  }
  const isOfDecider =
    action === PASSKEY_ACTION &&
    entries.some((each) => each.action.startsWith('approval-') && each.actor.id === entry.actor.id);
  const isOfPipeline =
    action === WORKLOAD_ACTION &&
    entries.some(({ body }) => body['workloadTokenId'] === entry.body['tokenId']);
  if (!isOfDecider && !isOfPipeline) {
    report('unexpected-entry', `entry ${sequence} (${action}) is none that a receipt relies on`);
  }
}

function one(actions: readonly string[], entries: readonly StatedEntry[], report: Report): void {
  const found = entries.filter(({ action }) => actions.includes(action));
  if (found.length === 1) return;
  const which = actions === CREATED_ACTIONS ? 'how it was asked for' : 'how it ended';
  const say = found.length === 0 ? 'no entry says' : 'more than one entry says';
  report('missing-entry', `${say} ${which}`);
}

/** The last entry says how many there are of each: none can be kept back, and none put in. */
function checkCounts(entries: readonly StatedEntry[], report: Report): void {
  const end = entries.find(({ action }) => (END_ACTIONS as readonly string[]).includes(action));
  if (!end) return;
  const counts = end.body['entries'];
  if (!isFields(counts)) {
    report('missing-entry', 'its last entry does not say how many there are');
    return;
  }
  for (const action of COUNTED_ACTIONS) {
    const count = Number(counts[action] ?? 0);
    const found = entries.filter((each) => each.action === action).length;
    const isAsSaid = MAY_FOLLOW.has(action) ? found >= count : found === count;
    if (!isAsSaid) {
      report('missing-entry', `of "${action}" the log has ${count}, and the receipt ${found}`);
    }
  }
}

/** Of what has succeeded, a freeze may be overridden later for the way back. */
const MAY_FOLLOW: ReadonlySet<string> = new Set(['freeze-overridden']);
