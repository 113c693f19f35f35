/**
 * What the database remembers of its migrations: TypeORM's table of names, and beside it the checksums
 * of the files that they were applied from. Reading needs no more than the application's role.
 */
import type { Migration } from './migration-files.js';

export const namesTable = 'migrations';
export const checksumsTable = 'migration_checksums';

/** A client or a TypeORM query runner: both answer with rows in their own form. */
export type Ask = <Row>(sql: string, parameters?: unknown[]) => Promise<Row[]>;

export interface Applied {
  readonly name: string;
  /** Null: applied by a version that kept no checksums. */
  readonly up: string | null;
  readonly down: string | null;
}

/** Oldest first. */
export async function appliedIn(ask: Ask): Promise<Applied[]> {
  const [present] = await ask<{ names: boolean; checksums: boolean }>(
    'select to_regclass($1) is not null as names, to_regclass($2) is not null as checksums',
    [`public.${namesTable}`, `public.${checksumsTable}`],
  );
  if (!present?.names) return [];
  if (!present.checksums) {
    return ask(
      `select name, null as up, null as down from public.${namesTable} order by timestamp`,
    );
  }
  return ask(
    `select m.name, c.up, c.down from public.${namesTable} m
     left join public.${checksumsTable} c on c.name = m.name order by m.timestamp`,
  );
}

/** A migration of its own could not be there before the first one is looked at. */
export async function ensureChecksums(ask: Ask): Promise<void> {
  await ask(`create table if not exists public.${checksumsTable} (
    name text primary key,
    up text not null,
    down text not null
  )`);
  // A process of cluster mode looks whether its files are those of its schema.
  await ask(`do $$ begin
    if exists (select from pg_roles where rolname = 'tidegate_app') then
      grant select on public.${checksumsTable} to tidegate_app;
    end if;
  end $$`);
}

export async function recordChecksums(ask: Ask, { name, up, down }: Migration): Promise<void> {
  await ask(
    `insert into public.${checksumsTable} (name, up, down) values ($1, $2, $3)
     on conflict (name) do update set up = excluded.up, down = excluded.down`,
    [name, up.checksum, down.checksum],
  );
}

export async function forgetChecksums(ask: Ask, { name }: Migration): Promise<void> {
  await ask(`delete from public.${checksumsTable} where name = $1`, [name]);
}
