import type { CommitName } from '../../kernel/failpoint.js';

/** One open transaction, bound to one tenant (or to the system's role). */
export interface Transaction {
  /**
   * Runs one statement with `$1…` parameters and returns its rows (of SELECT or RETURNING).
   * Column names come as the statement names them: alias to camelCase in the SQL.
   */
  query<Row = Record<string, unknown>>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>;
  /**
   * As `query`, with one plan per connection instead of one for these values: for statements over
   * tables of many partitions, whose planning takes longer than they do.
   */
  queryPlannedOnce<Row = Record<string, unknown>>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Row[]>;
  /** Runs one statement and returns how many rows it touched. */
  execute(sql: string, parameters?: readonly unknown[]): Promise<number>;
  /**
   * Runs after a successful commit, in order, outside the transaction. Best effort: an error is
   * logged, never thrown. Use for hints (wake-ups, socket nudges), never for anything that must be.
   */
  afterCommit(hint: () => void | Promise<void>): void;
  /** What this transaction commits, among other things: for the failpoints at its end. */
  commitsAs(name: CommitName): void;
}
