/** What taking a migration back would drop or change, with the rows that would go with it. */
import type { Client } from 'pg';
import type { Migration } from './migration-files.js';
import { rolledBack, shapesAround } from './rolled-back.js';
import { type Difference, differencesOf } from './schema-shape.js';

export interface Loss extends Difference {
  /** Of a table, or values of a column that are not null; undefined where there is nothing to count. */
  readonly rows: number | undefined;
}

export async function lossesOf(client: Client, migration: Migration): Promise<Loss[]> {
  const { before, after } = await shapesAround(client, migration);
  const losses: Loss[] = [];
  for (const difference of differencesOf(before, after)) {
    losses.push({ ...difference, rows: await rowsOf(client, difference) });
  }
  return losses;
}

export function lossInWords({ what, is, wanted, rows }: Loss): string {
  const counted = rows === undefined ? '' : ` (${rows} ${rows === 1 ? 'row' : 'rows'})`;
  if (wanted === undefined) return `drops    ${what}${counted}`;
  if (is === undefined) return `makes    ${what}`;
  return /^(table|column) /.test(what)
    ? `changes  ${what}${counted}: "${is}" becomes "${wanted}"`
    : `changes  ${what}`;
}

async function rowsOf(client: Client, { what, is }: Difference): Promise<number | undefined> {
  const [, table, column] = /^(?:table|column) ([^.]+)(?:\.(.+))?$/.exec(what) ?? [];
  if (is === undefined || table === undefined) return undefined;
  const counted = column === undefined ? '*' : client.escapeIdentifier(column);
  return rolledBack(client, async (ask) => {
    const [found] = await ask<{ counts: boolean; forced: boolean }>(
      `select relkind in ('r', 'p') and not relispartition as counts, relforcerowsecurity as forced
       from pg_class where oid = to_regclass($1)`,
      [`public.${client.escapeIdentifier(table)}`],
    );
    // A partition's rows are its parent's.
    if (!found?.counts) return undefined;
    // Row-level security is forced on the owner, too: it would count nothing.
    if (found.forced) await ask('set local role tidegate_backfill');
    const [row] = await ask<{ count: number }>(
      `select count(${counted})::int as count from public.${client.escapeIdentifier(table)}`,
    );
    return row!.count;
  });
}
