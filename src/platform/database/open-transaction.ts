import type { PoolClient } from 'pg';
import type { CommitName } from '../../kernel/failpoint.js';
import { together } from './together.js';
import { statementName } from './statement-names.js';
import type { Transaction } from './transaction.js';

/** Slower statements than this are told, without their parameters. */
const SLOW_STATEMENT_MS = 100;

export type SlowStatement = (ms: number, sql: string) => void;

/**
 * The Transaction over one connection. Statements are prepared once per connection: under
 * row-level security PostgreSQL spends more on planning a small statement than on running it.
 */
export class OpenTransaction implements Transaction {
  private readonly hints: (() => void | Promise<void>)[] = [];
  private readonly names = new Set<CommitName>();

  constructor(
    private readonly client: PoolClient,
    private readonly onSlow: SlowStatement,
  ) {}

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.run(sql, parameters)).rows as Row[];
  }

  async queryPlannedOnce<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    const planMode = (mode: string) => this.client.query(`set local plan_cache_mode = ${mode}`);
    const [, rows] = await together([
      planMode('force_generic_plan'),
      this.query<Row>(sql, parameters),
      planMode('auto'),
    ]);
    return rows;
  }

  async execute(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    return (await this.run(sql, parameters)).rowCount ?? 0;
  }

  afterCommit(hint: () => void | Promise<void>): void {
    this.hints.push(hint);
  }

  commitsAs(name: CommitName): void {
    this.names.add(name);
  }

  /** What it commits, for the failpoints around that; nothing of it may be named. */
  get commitNames(): readonly (CommitName | undefined)[] {
    return this.names.size > 0 ? [...this.names] : [undefined];
  }

  async runHints(onError: (error: unknown) => void): Promise<void> {
    for (const hint of this.hints) {
      try {
        await hint();
      } catch (error) {
        onError(error);
      }
    }
  }

  private async run(sql: string, parameters: readonly unknown[]) {
    const name = statementName(sql);
    const since = performance.now();
    try {
      return await this.client.query({
        ...(name ? { name } : {}),
        text: sql,
        values: parameters as unknown[],
      });
    } finally {
      const ms = performance.now() - since;
      if (ms > SLOW_STATEMENT_MS) this.onSlow(Math.round(ms), sql);
    }
  }
}
