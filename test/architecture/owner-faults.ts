/** Who writes a table that is another folder's, and who reads one of a floor above. */
import { declaredTexts, sentTexts, type SqlText } from './sql-texts.js';
import { floors, repairers, tableOwners } from './table-owners.js';
import { tableUses, type TableUse } from './table-uses.js';

export interface OwnerFaults {
  /** Tables of no owner. */
  readonly unowned: string[];
  readonly strangeWriters: string[];
  readonly upwardReads: string[];
  /** By file: statements that are sent as texts. */
  readonly sqlAsText: Record<string, number>;
  /** Files that write the journal. */
  readonly journalWriters: string[];
}

interface PlacedUse extends TableUse {
  readonly file: string;
}

export async function ownerFaults(): Promise<OwnerFaults> {
  const declared = await declaredTexts();
  const sent = sentTexts();
  const known = sent.flatMap(({ sql }) => sql ?? []);
  const uses = (await Promise.all([...declared, ...known].map(placedUses))).flat();
  const owned = uses.filter(({ table }) => table in tableOwners);
  const strangers = uses.filter(({ table }) => !(table in tableOwners) && !isCatalogue(table));
  return {
    unowned: distinct(strangers.map(named)),
    strangeWriters: distinct(owned.filter(isStrange).map(named)),
    upwardReads: distinct(owned.filter(isUpward).map(named)),
    sqlAsText: counted(sent.map(({ file }) => file)),
    journalWriters: distinct(owned.filter(writesJournal).map(({ file }) => file)),
  };
}

async function placedUses({ name, text, fileAt }: SqlText): Promise<PlacedUse[]> {
  try {
    return (await tableUses(text)).map((use) => ({ ...use, file: fileAt(use.at) }));
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

const isCatalogue = (table: string) => table.startsWith('pg_');

const isStrange = ({ table, how, file }: PlacedUse) =>
  how !== 'reads' &&
  !(file.startsWith(`src/${tableOwners[table]}/`) && file.endsWith('.store.ts')) &&
  !isRepair(table, file);

const isRepair = (table: string, file: string) =>
  file.startsWith(repairers.folder) && repairers.tables.includes(table);

const isUpward = ({ table, file }: PlacedUse) =>
  floorOf(file.slice('src/'.length)) > floorOf(tableOwners[table]!);

const writesJournal = ({ table, how }: PlacedUse) => table === 'journal' && how === 'writes';

const floorOf = (folder: string) => floors.indexOf(folder.split('/')[0] as (typeof floors)[number]);

const named = ({ file, table }: PlacedUse) => `${file} ${table}`;
const distinct = (texts: string[]) => [...new Set(texts)].sort();

function counted(files: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const file of files) counts[file] = (counts[file] ?? 0) + 1;
  return counts;
}
