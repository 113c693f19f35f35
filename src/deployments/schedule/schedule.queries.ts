import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

const NOW = statement<Record<never, never>, { readonly now: number }>(
  'clock.now',
  'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
);

/** The database's clock, which everything that waits goes by. In ms since the epoch. */
export async function presentTime(open: OpenContext): Promise<number> {
  return (await open.tx.first(NOW))!.now;
}
