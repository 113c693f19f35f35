/**
 * A person is erased from months that lie in the archive: leaves are written once and hold nothing of anybody;
 * what is personal lies beside them, in a file that another version takes the place of. One file after the
 * other; whoever is killed in between begins anew, and what is done stays done.
 */
import {
  type ArchiveKey,
  type ObjectStore,
  personalFolder,
  personalKey,
} from '../../../drivers/storage/object-store.js';
import { digestOfBytes } from '../../../kernel/digest.js';
import { leafOf } from '../../../kernel/tlog/audit-leaf.js';
import { restoreEntry } from '../../../kernel/tlog/restore-entry.js';
import { type AuditRow, fieldsOf, rowOf, saltsOf } from '../../../platform/audit/audit-row.js';
import { Context } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import {
  apartFrom,
  type ArchivedPersonal,
  packPersonal,
  unpackLeaves,
  unpackPersonal,
} from '../archive/archive-lines.js';
import { ARCHIVE_WORD, leavesKey, personalKeyOf } from '../archive/archive-names.js';
import { type ArchiveRow, archivesAfter } from '../archive/archives.views.js';
import { readObject } from '../archive/read-object.js';
import type { DueErasure } from './erasing.store.js';
import type { ReplacedFile } from './replaced-file.js';
import type { Sought } from './sought.js';
import { changeOf } from './theirs.js';

const FILES = 50;

interface Line {
  readonly apart: ArchivedPersonal;
  readonly leaf: string;
  readonly row: AuditRow;
}

export class ArchivedPersons {
  constructor(
    private readonly database: Database,
    private readonly store: ObjectStore,
  ) {}

  /** Every entry that says something personal. */
  async *entries(tenantId: string): AsyncGenerator<readonly AuditRow[]> {
    for await (const archive of this.files(tenantId)) {
      yield (await this.linesOf(tenantId, archive)).map(({ row }) => row);
    }
  }

  /** `keep` says that the new file counts from now on; false: somebody else is at it. */
  async erase(
    { tenantId, pseudonym }: DueErasure,
    sought: Sought,
    keep: (replaced: ReplacedFile) => Promise<boolean>,
  ): Promise<boolean> {
    for await (const archive of this.files(tenantId)) {
      const replaced = await this.replace(tenantId, archive, { sought, pseudonym });
      if (replaced && !(await keep(replaced))) return false;
    }
    await this.sweep(tenantId);
    return true;
  }

  private async replace(
    tenantId: string,
    archive: ArchiveRow,
    { sought, pseudonym }: { readonly sought: Sought; readonly pseudonym: string },
  ): Promise<ReplacedFile | null> {
    let entries = 0;
    let values = 0;
    const lines: ArchivedPersonal[] = [];
    for (const { apart, leaf, row } of await this.linesOf(tenantId, archive)) {
      const change = changeOf(row, sought, pseudonym);
      if (change) {
        entries += 1;
        values += change.values;
      }
      lines.push(change ? apartOf(apart.sequence, leaf, { ...row, ...change }) : apart);
    }
    if (entries === 0) return null;
    const packed = await packPersonal(lines);
    const version = await this.put(tenantId, archive, packed);
    const digest = digestOfBytes(packed);
    return { archive, version, digest, bytes: packed.length, entries, values };
  }

  /** Under the first version that nobody has: one of a process that died may be there. */
  private async put(tenantId: string, archive: ArchiveRow, packed: Buffer): Promise<number> {
    for (let version = archive.personalVersion + 1; ; version += 1) {
      const key = personalKeyOf(tenantId, archive, version);
      if (!(await this.store.archive(key, packed))) continue;
      if (packed.equals(await readObject(this.store, key))) return version;
      throw new Error(`${key} is not what was put there`);
    }
  }

  /** Of each file that version stays which counts: those before have what was erased. */
  private async sweep(tenantId: string): Promise<void> {
    const names = await this.store.archived(personalFolder(tenantId, ARCHIVE_WORD));
    for await (const archive of this.files(tenantId)) {
      const kept = personalKeyOf(tenantId, archive, archive.personalVersion);
      const [stem] = kept.split('/').at(-1)!.split('.personal.');
      const old = names
        .filter((name) => name.startsWith(`${stem}.personal.`))
        .map((name) => personalKey(tenantId, ARCHIVE_WORD, name));
      for (const key of old) if (key !== kept) await this.store.delete(key);
    }
  }

  private async linesOf(tenantId: string, archive: ArchiveRow): Promise<Line[]> {
    const read = (key: ArchiveKey) => readObject(this.store, key);
    const { entries } = await unpackLeaves(await read(leavesKey(tenantId, archive)));
    const key = personalKeyOf(tenantId, archive, archive.personalVersion);
    const apart = await unpackPersonal(await read(key));
    return entries.flatMap(({ sequence, leaf }) => {
      const own = apart.get(sequence);
      if (leaf === null || !own) return [];
      const { fields, salts } = restoreEntry(leaf, own);
      return [{ apart: own, leaf, row: rowOf(fields, salts) }];
    });
  }

  private async *files(tenantId: string): AsyncGenerator<ArchiveRow> {
    const ctx = Context.system(tenantId, 'audit-erasure');
    let last: ArchiveRow | null = null;
    for (;;) {
      const after: ArchiveRow | null = last;
      const some: ArchiveRow[] = await this.database.transaction(ctx, (open) =>
        archivesAfter(open, after, FILES),
      );
      yield* some;
      if (some.length < FILES) return;
      last = some.at(-1)!;
    }
  }
}

/** Throws when it would be another leaf: nothing is written then. */
function apartOf(sequence: number, leaf: string, row: AuditRow): ArchivedPersonal {
  const [fields, salts] = [fieldsOf(row), saltsOf(row)];
  const { text, personal } = leafOf(fields, salts);
  if (text !== leaf) throw new Error(`entry ${sequence} would not be what was sealed`);
  return { sequence, ...apartFrom(fields, salts, personal) };
}
