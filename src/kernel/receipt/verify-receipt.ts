/**
 * Checks a receipt without any server: whose it is, that its entries stand in the log, that it states what
 * they say and nothing else, and that what they name is there. It goes on after a fault, so that whoever
 * has changed something learns what it was.
 */
import { digestOf } from '../digest.js';
import { NoteError, type NoteVerifier } from '../tlog/note.js';
import { checkDecisions } from './check-decisions.js';
import { checkEntries } from './check-entries.js';
import { checkProofs } from './check-proofs.js';
import { parseReceipt, type Receipt } from './receipt.js';
import type { FaultCode, ReceiptFault, Report } from './receipt-fault.js';
import { differences } from './differences.js';
import { summaryOf } from './summary.js';
import { isFields, type StatedEntry, statedEntry } from './stated-entry.js';

export interface ReceiptVerdict {
  /** `unverified`: nothing is wrong in itself, and nobody has said whom to trust. */
  readonly is: 'verified' | 'unverified' | 'refused';
  /** Null: it is no receipt. */
  readonly receipt: Receipt | null;
  readonly faults: readonly ReceiptFault[];
  readonly notices: readonly string[];
}

const FAULTS = 50;

/** `trusted`: keys of logs, from elsewhere; null: none are at hand. */
export function verifyReceipt(
  json: string,
  trusted: readonly NoteVerifier[] | null,
): ReceiptVerdict {
  const faults: ReceiptFault[] = [];
  const notices: string[] = [];
  const report = (code: FaultCode, text: string) => {
    if (faults.length < FAULTS) faults.push({ code, text });
  };
  const receipt = readReceipt(json, report);
  if (receipt) {
    checkProofs(receipt, trusted, report);
    checkContent(receipt, report, (text) => notices.push(text));
  }
  const good = trusted === null ? 'unverified' : 'verified';
  return { is: faults.length > 0 ? 'refused' : good, receipt, faults, notices };
}

function readReceipt(json: string, report: Report): Receipt | null {
  try {
    return parseReceipt(json);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    report('format', error.message);
    return null;
  }
}

function checkContent(receipt: Receipt, report: Report, notice: (text: string) => void): void {
  const entries: StatedEntry[] = [];
  for (const entry of receipt.log.entries) {
    const stated = statedEntry(entry);
    if (stated) entries.push(stated);
    else report('unexpected-entry', `entry ${entry.sequence} is none that a receipt relies on`);
  }
  checkEntries(receipt, entries, report);
  for (const path of differences(receipt.summary, summaryOf(entries))) {
    report('summary', `${path} is not what the entries say`);
  }
  checkAttachments(receipt, entries, report);
  const { evidence } = receipt.attachments;
  checkDecisions({ entries, evidence, report, notice });
  if (receipt.leftOut.length > 0) {
    notice(
      `${receipt.leftOut.length} lists of nodes are too long for it; their digests stand there`,
    );
  }
}

/** Each is what its digest says, some entry names it, and none is missing without a word. */
function checkAttachments(
  { attachments, leftOut }: Receipt,
  entries: readonly StatedEntry[],
  report: Report,
): void {
  const { nodes, evidence } = attachments;
  const lists = new Map<string, number>();
  const proofs = new Set<string>();
  for (const { action, body } of entries) {
    if (action === 'deployment-wave-moved')
      lists.set(String(body['nodesDigest']), Number(body['nodes']));
    if (isFields(body['evidence'])) proofs.add(String(body['evidence']['digest']));
  }
  for (const [digest, list] of Object.entries(nodes)) {
    const isNamed = lists.get(digest) === list.length;
    if (!isNamed || !isDigestOf('nodes', list, digest)) {
      report('attachment', `the nodes ${digest} are not those of a wave`);
    }
  }
  for (const digest of lists.keys()) {
    if ((nodes[digest] === undefined) !== leftOut.includes(digest)) {
      report('attachment', `the nodes ${digest} of a wave are missing`);
    }
  }
  for (const digest of leftOut) {
    if (!lists.has(digest)) report('attachment', `${digest}, which is left out, is of no wave`);
  }
  for (const [digest, proof] of Object.entries(evidence)) {
    if (!proofs.has(digest) || !isDigestOf('evidence', proof, digest)) {
      report('attachment', `what proves a decision, ${digest}, is not what the entry names`);
    }
  }
}

function isDigestOf(type: 'nodes' | 'evidence', value: unknown, digest: string): boolean {
  try {
    return digestOf(type, value).digest === digest;
  } catch {
    return false;
  }
}
