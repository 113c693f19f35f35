import { limits } from '../../../kernel/limits.js';

/**
 * True in SQL when a node is Lost. Derived, never stored, and by the database's clock: every process
 * gives the same answer. `presence` is the alias of node_presence, which may be joined from the left.
 */
export const isLostSql = (presence: string): string =>
  `coalesce(${presence}.last_report_at
    < clock_timestamp() - interval '${limits.nodeLostMs} milliseconds', true)`;
