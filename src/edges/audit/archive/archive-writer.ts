import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { auditLimits } from '../../../kernel/audit-limits.js';
import { digestOfBytes } from '../../../kernel/digest.js';
import { openCheckpoint, signCheckpoint } from '../../../kernel/tlog/checkpoint.js';
import { parseVerifierKey } from '../../../kernel/tlog/note.js';
import { leafHash, TreeEdge } from '../../../kernel/tlog/tree.js';
import { consistencyProof, edgeAt, isConsistent } from '../../../kernel/tlog/tree-proofs.js';
import { fieldsOf, saltsOf } from '../../../platform/audit/audit-row.js';
import type { Context } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import { type LogKey, originOf } from '../log/log-key.js';
import type { LogReader } from '../log/log-reader.js';
import { entryIn, leafIn } from '../proofs/entry-bundle.js';
import { hashesOf, type LoggedEntry, treeHead } from '../proofs/tree.views.js';
import {
  apartFrom,
  type ArchivedLeaf,
  type ArchivedPersonal,
  packLeaves,
  packPersonal,
} from './archive-lines.js';
import { leavesKey, personalKeyOf } from './archive-names.js';
import type { PlannedFile } from './archive-plan.js';
import type { NewArchive } from './archives.store.js';
import { ArchiveFault, checkArchive, type Expected } from './check-archive.js';
import { keepObject } from './keep-object.js';

const BATCH = 1_000;

export interface ArchiveParts {
  readonly database: Database;
  readonly reader: LogReader;
  readonly store: ObjectStore;
  readonly key: LogKey;
}

interface Collected {
  readonly leaves: readonly ArchivedLeaf[];
  readonly personal: readonly ArchivedPersonal[];
  readonly hashes: readonly Buffer[];
}

/**
 * Writes a file, reads it back out of the store and verifies it. It may be called again after any death:
 * what it had written is there, and is what it would write. Throws ArchiveFault.
 */
export async function writeArchive(
  ctx: Context,
  month: string,
  planned: PlannedFile,
  parts: ArchiveParts,
): Promise<NewArchive> {
  const { tenantId } = ctx;
  const { fromSequence } = planned;
  const collected = await collect(ctx, planned, parts.reader);
  const size = fromSequence + collected.leaves.length;
  const head = await headOf(ctx, { fromSequence, size, hashes: collected.hashes }, parts);
  const span = { month, fromSequence, size };
  const packed = {
    leaves: await packLeaves(head, collected.leaves),
    personal: await packPersonal(collected.personal),
  };
  const verifiers = [parseVerifierKey(parts.key.verifierOf(tenantId))];
  const { origin } = head;
  const expected: Expected = { origin, fromSequence, size, hashes: collected.hashes, verifiers };
  const keys = { leaves: leavesKey(tenantId, span), personal: personalKeyOf(tenantId, span, 1) };
  const kept = await keepObject(parts.store, keys, packed, (file) => checkArchive(file, expected));
  const times = planned.ofMonth.filter(({ sequence }) => sequence < size).map(({ at }) => +at);
  return {
    ...span,
    tenantId,
    entries: times.length,
    firstAt: new Date(times.reduce((a, b) => Math.min(a, b))),
    lastAt: new Date(times.reduce((a, b) => Math.max(a, b))),
    digest: digestOfBytes(kept.leaves),
    bytes: kept.leaves.length,
    personalDigest: digestOfBytes(kept.personal),
    personalBytes: kept.personal.length,
  };
}

/** Fewer than were planned when they are large. Each is compared with what was sealed. */
async function collect(
  ctx: Context,
  { fromSequence, size }: PlannedFile,
  reader: LogReader,
): Promise<Collected> {
  const collected = {
    leaves: [] as ArchivedLeaf[],
    personal: [] as ArchivedPersonal[],
    hashes: [] as Buffer[],
  };
  let bytes = 0;
  for (let from = fromSequence; from < size; from += BATCH) {
    for (const logged of await reader.entries(ctx, from, Math.min(size, from + BATCH))) {
      const { leaf, personal } = sealedIn(logged, fromSequence + collected.leaves.length);
      bytes += leaf.leaf.length;
      if (bytes > auditLimits.archiveFileBytes && collected.leaves.length > 0) return collected;
      collected.leaves.push(leaf);
      collected.hashes.push(logged.leafHash);
      if (personal) collected.personal.push(personal);
    }
  }
  if (collected.leaves.length !== size - fromSequence) {
    throw new ArchiveFault(`entry ${fromSequence + collected.leaves.length} is not there`);
  }
  return collected;
}

function sealedIn(logged: LoggedEntry, expected: number) {
  const { sequence } = logged;
  if (sequence !== expected) throw new ArchiveFault(`entry ${expected} is not there`);
  const row = entryIn(logged);
  if (!row) throw new ArchiveFault(`entry ${sequence} has been deleted`);
  const { text, personal } = leafIn(row);
  if (!leafHash(Buffer.from(text)).equals(logged.leafHash)) {
    throw new ArchiveFault(`entry ${sequence} is not what was sealed`);
  }
  const apart = apartFrom(fieldsOf(row), saltsOf(row), personal);
  const isOpen = Object.keys(row.salts === '{}' ? {} : saltsOf(row)).length === 0;
  return { leaf: { sequence, leaf: text }, personal: isOpen ? null : { sequence, ...apart } };
}

/** Its checkpoint is signed only when it is the beginning of the log that the newest one speaks of. */
async function headOf(
  ctx: Context,
  { fromSequence: from, size, hashes }: Pick<Expected, 'fromSequence' | 'size' | 'hashes'>,
  { database, key }: ArchiveParts,
) {
  const { tenantId } = ctx;
  return database.transaction(ctx, async (open) => {
    const read = hashesOf(open);
    const edge = await edgeAt(read, from);
    const tree = TreeEdge.parse(from, Buffer.concat(edge));
    for (const hash of hashes) tree.append(hash);
    const here = { size, root: tree.root() };
    const newest = await treeHead(open);
    if (!newest) throw new ArchiveFault('the log has no checkpoint');
    const verifiers = [parseVerifierKey(key.verifierOf(tenantId))];
    const whole = openCheckpoint(newest.checkpoint, verifiers);
    const proof = await consistencyProof(read, size, whole.size);
    if (!isConsistent(here, whole, proof)) {
      throw new ArchiveFault(`the entries before ${size} are not what was sealed`);
    }
    const checkpoint = signCheckpoint(here, key.signerOf(tenantId));
    return { origin: originOf(tenantId), from, edge, size, checkpoint };
  });
}
