import type { QueryRunner } from 'typeorm';
import type { Transaction } from './transaction.js';

/** The Transaction over one connection, lent by TypeORM's pool. */
export class OpenTransaction implements Transaction {
  private readonly hints: (() => void | Promise<void>)[] = [];

  constructor(private readonly runner: QueryRunner) {}

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.runner.query(sql, parameters as unknown[], true);
    return (result.records ?? []) as Row[];
  }

  async execute(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    const result = await this.runner.query(sql, parameters as unknown[], true);
    return result.affected ?? 0;
  }

  afterCommit(hint: () => void | Promise<void>): void {
    this.hints.push(hint);
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
}
