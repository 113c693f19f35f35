/** Which tables a statement reads and writes, and where in its text: by the grammar of PostgreSQL itself. */
import { parse } from 'libpg-query';

export interface TableUse {
  readonly table: string;
  /** A row that is locked is as good as written: who locks decides in which order. */
  readonly how: 'reads' | 'writes' | 'locks';
  /** Of the table's name, in characters of the text. */
  readonly at: number;
}

type Tree = Readonly<Record<string, unknown>>;
type RangeVar = { readonly relname: string; readonly location?: number; readonly alias?: Tree };

const WRITES = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

/** Throws for a text that is no SQL. */
export async function tableUses(text: string): Promise<TableUse[]> {
  const { stmts = [] } = await parse(text);
  const uses: TableUse[] = [];
  const chars = charactersOf(text);
  const note = (how: TableUse['how'], { relname, location = 0 }: RangeVar) =>
    uses.push({ table: relname, how, at: chars(location) });

  const walk = (value: unknown, known: ReadonlySet<string>): void => {
    if (Array.isArray(value)) return value.forEach((each) => walk(each, known));
    if (typeof value !== 'object' || value === null) return;
    for (const [kind, node] of Object.entries(value as Tree)) {
      const tree = node as Tree;
      if (kind === 'RangeVar') {
        if (!known.has(tree.relname as string)) note('reads', node as RangeVar);
        continue;
      }
      const within = new Set([...known, ...namesIn(tree)]);
      if (WRITES.includes(kind)) {
        note('writes', tree.relation as RangeVar);
        walk({ ...tree, relation: null }, within);
      } else if (kind === 'TruncateStmt') {
        (tree.relations as { RangeVar: RangeVar }[]).forEach((each) =>
          note('writes', each.RangeVar),
        );
      } else if (kind === 'SelectStmt' && tree.lockingClause) {
        for (const each of lockedIn(tree)) if (!within.has(each.relname)) note('locks', each);
        walk({ ...tree, lockingClause: null }, within);
      } else walk(node, within);
    }
  };
  walk(stmts, new Set());
  return uses;
}

/** Of the common table expressions of this statement: they are no tables. */
function namesIn(tree: Tree | null): string[] {
  const { ctes = [] } = (tree?.withClause ?? {}) as { ctes?: { CommonTableExpr: Tree }[] };
  return ctes.map(({ CommonTableExpr }) => CommonTableExpr.ctename as string);
}

/** `for update` locks all tables of the `from`; `for update of d` the one that is called d there. */
function lockedIn(select: Tree): RangeVar[] {
  const tables = rangesOf(select.fromClause);
  const called = (table: RangeVar) => (table.alias?.aliasname as string) ?? table.relname;
  return (select.lockingClause as { LockingClause: Tree }[]).flatMap(({ LockingClause }) => {
    const named = LockingClause.lockedRels as { RangeVar: RangeVar }[] | undefined;
    if (!named) return tables;
    const names = named.map(({ RangeVar }) => RangeVar.relname);
    return tables.filter((table) => names.includes(called(table)));
  });
}

/** Tables and joins of a `from`, without what is selected below. */
function rangesOf(value: unknown): RangeVar[] {
  if (Array.isArray(value)) return value.flatMap(rangesOf);
  const { RangeVar, JoinExpr } = (value ?? {}) as { RangeVar?: RangeVar; JoinExpr?: Tree };
  if (RangeVar) return [RangeVar];
  return JoinExpr ? rangesOf([JoinExpr.larg, JoinExpr.rarg]) : [];
}

/** The parser counts bytes. */
function charactersOf(text: string): (byte: number) => number {
  const bytes = Buffer.from(text);
  return (byte) => bytes.subarray(0, byte).toString().length;
}
