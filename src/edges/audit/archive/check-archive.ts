/** Whether a file of the archive is what it has to be, to the last byte: asked before anything is dropped. */
import { openCheckpoint } from '../../../kernel/tlog/checkpoint.js';
import type { NoteVerifier } from '../../../kernel/tlog/note.js';
import { HASH_BYTES, TreeEdge } from '../../../kernel/tlog/tree.js';
import { LogVerifier } from '../../../kernel/tlog/verify-log.js';
import { unpackLeaves, unpackPersonal } from './archive-lines.js';

/** The log is not what was sealed, or the store did not keep what it was given. */
export class ArchiveFault extends Error {}

export interface Expected {
  readonly origin: string;
  readonly fromSequence: number;
  readonly size: number;
  /** Of its entries, as the tree has them. */
  readonly hashes: readonly Buffer[];
  readonly verifiers: readonly NoteVerifier[];
}

/** Throws ArchiveFault with the first sequence that is wrong. */
export async function checkArchive(
  file: { readonly leaves: Buffer; readonly personal: Buffer },
  expected: Expected,
): Promise<void> {
  try {
    await check(file, expected);
  } catch (error) {
    if (error instanceof ArchiveFault) throw error;
    throw new ArchiveFault(`the file cannot be read: ${(error as Error).message}`);
  }
}

async function check(
  file: { readonly leaves: Buffer; readonly personal: Buffer },
  { origin, fromSequence, size, hashes, verifiers }: Expected,
): Promise<void> {
  const { head, entries } = await unpackLeaves(file.leaves);
  const personal = await unpackPersonal(file.personal);
  const checkpoint = openCheckpoint(head.checkpoint, verifiers);
  const isMeant = head.origin === origin && head.from === fromSequence && head.size === size;
  if (!isMeant || checkpoint.origin !== origin || checkpoint.size !== size) {
    throw new ArchiveFault('the file is another one');
  }
  const edge = Buffer.concat(head.edge);
  const verifier = new LogVerifier(TreeEdge.parse(fromSequence, edge));
  for (const { sequence, leaf } of entries) {
    const hash = hashes[sequence - fromSequence] ?? Buffer.alloc(HASH_BYTES);
    verifier.entry({ sequence, hash, leaf, personal: personal.get(sequence)?.personal ?? {} });
  }
  if (verifier.size === size) verifier.checkpoint(checkpoint, 'its checkpoint');
  else verifier.mustHave(size, 'its checkpoint');
  if (verifier.fault) throw new ArchiveFault(verifier.fault.text);
}
