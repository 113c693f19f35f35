/** Where PostgreSQL's time goes, statement by statement: for whoever makes something faster. */
import { printTable } from './figures.js';
import type { Rig } from './rig.js';

export const WITH_STATEMENTS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
};

export async function forgetStatements(rig: Rig): Promise<void> {
  await rig.sql('create extension if not exists pg_stat_statements');
  await rig.sql('select pg_stat_statements_reset()');
}

export async function printStatements(rig: Rig, seconds: number): Promise<void> {
  const rows = await rig.sql<{ text: string; calls: number; ms: number; rows: number }>(
    `select regexp_replace(query, '\\s+', ' ', 'g') as text, calls::int, rows::int,
       (total_exec_time + total_plan_time)::float8 as ms
     from pg_stat_statements order by 4 desc limit 12`,
  );
  printTable('PostgreSQL by statement', [
    ['ms/s', 'calls/s', 'ms each', 'rows each', 'statement'],
    ...rows.map(({ text, calls, ms, rows: count }) => [
      (ms / seconds).toFixed(1),
      (calls / seconds).toFixed(1),
      (ms / calls).toFixed(2),
      (count / calls).toFixed(0),
      text.trim().slice(0, 100).replaceAll('|', '/'),
    ]),
  ]);
}
