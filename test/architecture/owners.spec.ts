import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'libpg-query';
import { exceptions } from './exceptions.js';
import { ownerFaults, type OwnerFaults } from './owner-faults.js';
import { root, sources } from './sources.js';
import { tableOwners } from './table-owners.js';
import { tableUses } from './table-uses.js';

let faults: OwnerFaults;
beforeAll(async () => {
  faults = await ownerFaults();
});

describe('each table', () => {
  it('of the migrations has an owner, and no other has', async () => {
    const missing = await migratedTables();
    expect(Object.keys(tableOwners).sort()).toEqual(missing.sort());
    expect(faults.unowned).toEqual([]);
  });

  it('is written by the stores of its owner only', () => {
    expect(faults.strangeWriters).toEqual(exceptions.strangeWriters);
  });

  it('is read from its owner’s floor or a higher one', () => {
    expect(faults.upwardReads).toEqual(exceptions.upwardReads);
  });

  it('is asked by statements that have names', () => {
    expect(faults.sqlAsText).toEqual(exceptions.sqlAsText);
  });
});

describe('the journal', () => {
  const store = 'src/deployments/runs/journal.store.ts';
  const isListed = (file: string) => exceptions.strangeWriters.includes(`${file} journal`);

  it('has one writer', () => {
    expect(faults.journalWriters.filter((file) => !isListed(file))).toEqual([store]);
  });

  it('is counted by that one', () => {
    const counts = /\bset\b[^;`']*\bjournal_seq\s*=/;
    const counting = sources().filter(({ text }) => counts.test(text));
    const files = counting.map(({ file }) => file);
    expect(files.filter((file) => !isListed(file))).toEqual([store]);
  });
});

describe('the uses of tables in a statement', () => {
  const usesOf = async (text: string) =>
    (await tableUses(text)).map(({ table, how }) => `${how} ${table}`).sort();

  it('are those of its expressions, joins and common table expressions', async () => {
    const text = `with n as (update nodes set a = 1 returning id), d as (select 1 from runs)
      insert into journal (id) select n.id from n join d on exists (select 1 from plans where 'from x' = $1)`;
    expect(await usesOf(text)).toEqual([
      'reads plans',
      'reads runs',
      'writes journal',
      'writes nodes',
    ]);
  });

  it('are locks where rows are locked', async () => {
    const text = 'select 1 from deployments d join runs r on r.id = d.id for update of d';
    expect(await usesOf(text)).toEqual(['locks deployments', 'reads deployments', 'reads runs']);
  });
});

/** What `create table` says in the migrations and no later one takes back; partitions are their table's. */
async function migratedTables(): Promise<string[]> {
  const tables: string[] = [];
  for (const file of readdirSync(`${root}migrations`).filter((name) => name.endsWith('.up.sql'))) {
    const { stmts = [] } = await parse(readFileSync(`${root}migrations/${file}`, 'utf8'));
    for (const { stmt } of stmts as { stmt: Record<string, CreateStatement> }[]) {
      const { relation, partbound } = stmt.CreateStmt ?? {};
      if (relation && !partbound) tables.push(relation.relname);
      for (const name of droppedBy(stmt.DropStmt)) tables.splice(tables.indexOf(name), 1);
    }
  }
  return tables;
}

function droppedBy({ removeType, objects = [] }: CreateStatement = {}): string[] {
  if (removeType !== 'OBJECT_TABLE') return [];
  return objects.flatMap(({ List }) => List.items.map(({ String: name }) => name.sval));
}

interface CreateStatement {
  readonly relation?: { readonly relname: string };
  readonly partbound?: object;
  readonly removeType?: string;
  readonly objects?: readonly {
    readonly List: { readonly items: readonly { readonly String: { readonly sval: string } }[] };
  }[];
}
