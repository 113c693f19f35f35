import type { PoolClient } from 'pg';
import type { EntityTarget, ObjectLiteral, QueryRunner, Repository } from 'typeorm';
import type { CommitName } from '../../kernel/failpoint.js';
import { type Given, type PlanMode, type Statement, valuesOf } from './statement.js';
import { statementName } from './statement-names.js';
import { together } from './together.js';
import type { SystemTransaction } from './transaction.js';

/** Slower statements than this are told, without their parameters. */
const SLOW_STATEMENT_MS = 100;

/** `statement`: its name, or its text where it has none. */
export type SlowStatement = (ms: number, statement: string) => void;

interface Prepared {
  readonly preparedAs: string | null;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly said: string;
  readonly planMode: PlanMode | null;
}

/**
 * The Transaction over one connection. Statements are prepared once per connection: under
 * row-level security PostgreSQL spends more on planning a small statement than on running it.
 */
export class OpenTransaction implements SystemTransaction {
  /** Only of those that `Database.system` hands out; nobody else may see it. */
  readonly role = 'system';
  private readonly hints: (() => void | Promise<void>)[] = [];
  private readonly names = new Set<CommitName>();

  constructor(
    private readonly client: PoolClient,
    private readonly runner: QueryRunner,
    private readonly onSlow: SlowStatement,
  ) {}

  async query<P, Row>(statement: Statement<P, Row> | string, ...given: unknown[]): Promise<Row[]> {
    const prepared = preparedOf(statement, given);
    if (prepared.planMode === null) return (await this.run(prepared)).rows as Row[];
    const planMode = (mode: string) => this.client.query(`set local plan_cache_mode = ${mode}`);
    const [, answer] = await together([
      planMode(prepared.planMode),
      this.run(prepared),
      planMode('auto'),
    ]);
    return answer.rows as Row[];
  }

  async first<P, Row>(statement: Statement<P, Row>, ...given: Given<P>): Promise<Row | undefined> {
    const [row] = await this.query(statement, ...given);
    return row;
  }

  async queryPlannedOnce<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    const planMode = (mode: string) => this.client.query(`set local plan_cache_mode = ${mode}`);
    const [, rows] = await together([
      planMode('force_generic_plan'),
      this.query<unknown, Row>(sql, parameters),
      planMode('auto'),
    ]);
    return rows;
  }

  async execute<P>(
    statement: Statement<P, unknown> | string,
    ...given: unknown[]
  ): Promise<number> {
    return (await this.run(preparedOf(statement, given))).rowCount ?? 0;
  }

  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.runner.manager.getRepository(entity);
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

  private async run({ preparedAs, text, values, said }: Prepared) {
    const since = performance.now();
    try {
      return await this.client.query({
        ...(preparedAs ? { name: preparedAs } : {}),
        text,
        values: values as unknown[],
      });
    } finally {
      const ms = performance.now() - since;
      if (ms > SLOW_STATEMENT_MS) this.onSlow(Math.round(ms), said);
    }
  }
}

function preparedOf<P>(
  statement: Statement<P, unknown> | string,
  given: readonly unknown[],
): Prepared {
  if (typeof statement !== 'string') {
    const { preparedAs, text, name: said, planMode } = statement;
    return { preparedAs, text, said, planMode, values: valuesOf(statement, given[0] as P) };
  }
  const values = (given[0] ?? []) as readonly unknown[];
  const preparedAs = statementName(statement);
  return { preparedAs, text: statement, said: statement, planMode: null, values };
}
