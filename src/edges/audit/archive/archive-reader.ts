import { Inject, Injectable } from '@nestjs/common';
import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../../drivers/storage/object-store.token.js';
import { DomainError } from '../../../kernel/errors.js';
import { digestOfBytes } from '../../../kernel/digest.js';
import { type ApartValues, restoreEntry } from '../../../kernel/tlog/restore-entry.js';
import { type AuditRow, rowOf } from '../../../platform/audit/audit-row.js';
import { type ArchivedPersonal, unpackLeaves, unpackPersonal } from './archive-lines.js';
import { leavesKey, personalKeyOf } from './archive-names.js';
import type { ArchiveRow } from './archives.views.js';
import { readObject } from './read-object.js';

export interface ArchivedEntries {
  /** By sequence; what cannot be read of a file is not there. */
  readonly rows: ReadonlyMap<number, AuditRow>;
  /** What was personal of them is neither there nor erased. */
  readonly lost: ReadonlySet<number>;
  /** The files are those that were put there, byte for byte. */
  readonly isIntact: boolean;
}

/** Files that are held unpacked: whoever goes through a log reads each of them ten times in a row. */
const HELD = 2;

/**
 * Entries out of the archive. It believes nothing of what it finds there: who reads compares each entry with
 * the hash that the tree has of it.
 */
@Injectable()
export class ArchiveReader {
  private readonly held = new Map<string, Promise<ArchivedEntries>>();

  constructor(@Inject(OBJECT_STORE) private readonly store: ObjectStore) {}

  /** Throws what the store throws when it cannot be reached. */
  entriesIn(tenantId: string, archive: ArchiveRow): Promise<ArchivedEntries> {
    const { digest, personalDigest, personalVersion } = archive;
    // By digest and version: when what is personal was replaced, this copy is none any more.
    const name = [tenantId, archive.fromSequence, digest, personalVersion, personalDigest].join();
    const known = this.held.get(name);
    if (known) return known;
    const entries = this.unpack(tenantId, archive);
    this.held.set(name, entries);
    for (const oldest of this.held.keys()) {
      if (this.held.size > HELD) this.held.delete(oldest);
    }
    entries.catch(() => this.held.delete(name));
    return entries;
  }

  private async unpack(tenantId: string, archive: ArchiveRow): Promise<ArchivedEntries> {
    const leaves = await this.bytesOf(leavesKey(tenantId, archive));
    const personal = await this.bytesOf(personalKeyOf(tenantId, archive, archive.personalVersion));
    const apart = await readable(personal, unpackPersonal, new Map<number, ArchivedPersonal>());
    const unpacked = await readable(leaves, unpackLeaves, null);
    const rows = new Map<number, AuditRow>();
    const lost = new Set<number>();
    for (const { sequence, leaf } of unpacked?.entries ?? []) {
      const values = apart.get(sequence) ?? { personal: {}, replaced: {} };
      const row = leaf === null ? null : restored(leaf, values);
      if (row?.tenantId !== tenantId) continue;
      rows.set(sequence, row);
      if (!isAllThere(row, values)) lost.add(sequence);
    }
    const isIntact =
      leaves !== null &&
      personal !== null &&
      digestOfBytes(leaves) === archive.digest &&
      digestOfBytes(personal) === archive.personalDigest;
    return { rows, lost, isIntact };
  }

  private async bytesOf(key: Parameters<typeof readObject>[1]): Promise<Buffer | null> {
    try {
      return await readObject(this.store, key);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not-found') return null;
      throw error;
    }
  }
}

async function readable<T, O>(
  bytes: Buffer | null,
  read: (bytes: Buffer) => Promise<T>,
  otherwise: O,
): Promise<T | O> {
  if (!bytes) return otherwise;
  try {
    return await read(bytes);
  } catch {
    return otherwise;
  }
}

function isAllThere({ salts }: AuditRow, { personal, replaced }: ApartValues): boolean {
  return Object.keys(JSON.parse(salts) as object).every(
    (pointer) => Object.hasOwn(personal, pointer) || Object.hasOwn(replaced, pointer),
  );
}

function restored(leaf: string, apart: ApartValues): AuditRow | null {
  try {
    const { fields, salts } = restoreEntry(leaf, apart);
    return rowOf(fields, salts);
  } catch {
    return null;
  }
}
