import { createHash } from 'node:crypto';

/** Statements are literals of the source, so there are few; more than this is text made at run time. */
const NAMES_MAX = 1_000;

const names = new Map<string, string>();

/**
 * The name under which a statement is prepared on each connection: by its text. Null when there are
 * suspiciously many different ones: those are planned each time instead of filling the server.
 */
export function statementName(sql: string): string | null {
  const known = names.get(sql);
  if (known) return known;
  if (names.size >= NAMES_MAX) return null;
  const name = `t_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`;
  names.set(sql, name);
  return name;
}
