import { limits } from '../../../kernel/limits.js';

/**
 * Lost is derived, never stored, and by the database's clock: every process gives the same answer.
 * Expects node_presence as `presence`, joined from the left.
 */
export const IS_LOST_SQL = `coalesce(presence.last_report_at
  < clock_timestamp() - interval '${limits.nodeLostMs} milliseconds', true)`;
