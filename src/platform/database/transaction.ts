import type { EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import type { CommitName } from '../../kernel/failpoint.js';
import type { Given, Statement } from './statement.js';

/** One open transaction, bound to one tenant (or to the system's role). */
export interface Transaction {
  /** Runs the statement and returns its rows (of SELECT or RETURNING). */
  query<P, Row>(statement: Statement<P, Row>, ...given: Given<P>): Promise<Row[]>;
  /** As below, for tests and what makes its text at run time. */
  query<Row = Record<string, unknown>>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>;
  /** The first row; undefined when there is none. */
  first<P, Row>(statement: Statement<P, Row>, ...given: Given<P>): Promise<Row | undefined>;
  /**
   * As `query`, with one plan per connection instead of one for these values: for statements over
   * tables of many partitions, whose planning takes longer than they do.
   */
  queryPlannedOnce<Row = Record<string, unknown>>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Row[]>;
  /** Runs the statement and returns how many rows it touched. */
  execute<P>(statement: Statement<P, unknown>, ...given: Given<P>): Promise<number>;
  execute(sql: string, parameters?: readonly unknown[]): Promise<number>;
  /**
   * The entity's repository, inside this transaction and so under row-level security. For nouns: no
   * cascades, no relations that load by themselves.
   */
  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity>;
  /**
   * Runs after a successful commit, in order, outside the transaction. Best effort: an error is
   * logged, never thrown. Use for hints (wake-ups, socket nudges), never for anything that must be.
   */
  afterCommit(hint: () => void | Promise<void>): void;
  /** What this transaction commits, among other things: for the failpoints at its end. */
  commitsAs(name: CommitName): void;
}

/** Of the system's role: all tenants, but only the tables of scheduling. */
export interface SystemTransaction extends Transaction {
  readonly role: 'system';
}
