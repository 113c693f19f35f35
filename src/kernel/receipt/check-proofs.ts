/** Whether a receipt is the log's own, and its entries stand there as it says. */
import { commitmentTo } from '../tlog/audit-leaf.js';
import { type Checkpoint, openCheckpoint, readCheckpoint } from '../tlog/checkpoint.js';
import { NoteError, type NoteVerifier } from '../tlog/note.js';
import { HASH_BYTES, leafHash } from '../tlog/tree.js';
import { isIncluded } from '../tlog/tree-proofs.js';
import { openReceipt, type Receipt, type ReceiptEntry } from './receipt.js';
import type { Report } from './receipt-fault.js';

/** `trusted` null: nobody has said whom to trust, and only what fits together is checked. */
export function checkProofs(
  receipt: Receipt,
  trusted: readonly NoteVerifier[] | null,
  report: Report,
): void {
  const { origin, log } = receipt;
  const own = trusted?.filter(({ name }) => name === origin) ?? null;
  if (own?.length === 0) {
    report('untrusted-log', `no key of the log "${origin}" is among those that are trusted`);
  }
  if (own && own.length > 0) {
    attempt(
      () => openReceipt(receipt, own),
      (why) => report('signature', `the receipt: ${why}`),
    );
  }
  const checkpoint = attempt(
    () =>
      own && own.length > 0 ? openCheckpoint(log.checkpoint, own) : readCheckpoint(log.checkpoint),
    (why) => report('checkpoint', `its checkpoint: ${why}`),
  );
  if (checkpoint && checkpoint.origin !== origin) {
    report('checkpoint', `its checkpoint is of the log "${checkpoint.origin}"`);
  }
  for (const entry of log.entries) {
    if (checkpoint && !standsIn(checkpoint, entry)) {
      report('inclusion', `entry ${entry.sequence} does not stand there in the log`);
    }
    checkPersonal(entry, report);
  }
}

function standsIn({ size, root }: Checkpoint, { sequence, leaf, proof }: ReceiptEntry): boolean {
  const hashes = proof.map((text) => Buffer.from(text, 'base64'));
  const areHashes = hashes.every(
    (hash, at) => hash.length === HASH_BYTES && hash.toString('base64') === proof[at],
  );
  const at = { leaf: leafHash(Buffer.from(leaf)), index: sequence, size, root };
  return areHashes && isIncluded(at, hashes);
}

function checkPersonal({ sequence, leaf, personal }: ReceiptEntry, report: Report): void {
  const commitments = attempt(
    () => (JSON.parse(leaf) as { commitments?: Record<string, string> }).commitments ?? {},
    () => undefined,
  );
  for (const [pointer, { value, salt }] of Object.entries(personal)) {
    const isCommitted = attempt(
      () => commitments?.[pointer] === commitmentTo(value, salt),
      () => undefined,
    );
    if (!isCommitted) report('personal', `${pointer} of entry ${sequence} is not what was sealed`);
  }
}

/** Undefined, and told why, for what is not right; what is broken otherwise is thrown. */
function attempt<T>(work: () => T, otherwise: (why: string) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    const isFault =
      error instanceof NoteError || error instanceof TypeError || error instanceof SyntaxError;
    if (!isFault) throw error;
    otherwise(error.message);
    return undefined;
  }
}
