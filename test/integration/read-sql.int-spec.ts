/**
 * Every statement of the sources, prepared by the migrated database and compared with its types in
 * TypeScript: parameters and columns, names and kinds. A statement that PostgreSQL would refuse, that no
 * role may run, or whose row has a column more or less is found without a call of it.
 */
import { jest } from '@jest/globals';
import type { Client } from 'pg';
import { declaredStatements } from '../../src/platform/database/statement.js';
import { describeStatement, type Described } from '../architecture/described.js';
import { declaringSources } from '../architecture/sources.js';
import { statementCalls, type Shape, type StatementCall } from '../architecture/statement-calls.js';
import { comesAs, goesAs } from '../architecture/value-kinds.js';
import { freshDatabase, withClient, type TestDatabase } from '../support/database.js';

type Declared = ReturnType<typeof declaredStatements>[number];
type Fits = (type: number, kind: string) => boolean;

jest.setTimeout(60_000);

describe('every statement', () => {
  let database: TestDatabase;
  let calls: StatementCall[];
  let declared: readonly Declared[];

  beforeAll(async () => {
    database = await freshDatabase();
    calls = statementCalls();
    for (const { file } of declaringSources()) {
      await import(`../../${file.replace(/\.ts$/, '.js')}`);
    }
    declared = declaredStatements();
  });
  afterAll(() => database.drop());

  it('is declared in one place that can be read', () => {
    expect(declared.length).toBeGreaterThan(10);
    const places = declared.map(({ name }) => [name, callsOf(name).length]);
    expect(places.filter(([, found]) => found !== 1)).toEqual([]);
  });

  it('has the parameters and the columns that its types say', async () => {
    const wrong = await withClient(database.app, async (client) => {
      const found: string[] = [];
      for (const each of declared) found.push(...(await faultsOf(client, each)));
      return found;
    });
    expect(wrong).toEqual([]);
  });

  it('may be run by one of the roles', async () => {
    const refusals = [await refusedTo(database.app), await refusedTo(database.system)];
    const [byApp, bySystem] = refusals as [Map<string, string>, Map<string, string>];
    expect([...byApp].filter(([name]) => bySystem.has(name))).toEqual([]);
  });

  const callsOf = (name: string) => calls.filter(({ matches }) => matches(name));

  async function faultsOf(client: Client, { name, text, parameters }: Declared): Promise<string[]> {
    const [call] = callsOf(name);
    if (!call) return [`${name}: its declaration is not found`];
    const say = (fault: string) => `${call.place} ${name}: ${fault}`;
    let described: Described;
    try {
      described = await describeStatement(client, text);
    } catch (error) {
      return [say((error as Error).message)];
    }
    const given = described.parameters.map((type, at) => ({ name: parameters[at] ?? '?', type }));
    return [
      ...faultsIn('parameter', given, call.parameters, goesAs),
      ...faultsIn('column', described.columns, call.row, comesAs),
    ].map(say);
  }

  /** Planned as this role would, without running it: PostgreSQL looks at the grants. */
  function refusedTo(role: TestDatabase['app']): Promise<Map<string, string>> {
    return withClient(role, async (client) => {
      await client.query(`select set_config('app.tenant_id', gen_random_uuid()::text, false)`);
      const refused = new Map<string, string>();
      for (const { name, text } of declared) {
        await client
          .query(`explain (generic_plan) ${text}`)
          .catch((error: unknown) => void refused.set(name, (error as Error).message));
      }
      return refused;
    });
  }
});

function faultsIn(
  what: string,
  answered: readonly { readonly name: string; readonly type: number }[],
  shape: Shape | null | undefined,
  fits: Fits,
): string[] {
  // Of a factory over any row, who calls it says the shape. Without a row it is only executed: `select 1`.
  if (!shape) return [];
  const names = answered.map(({ name }) => name);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  const missing = [...shape.keys()].filter((name) => !names.includes(name));
  return [
    ...twice.map((name) => `the ${what} "${name}" is there twice`),
    ...missing.map((name) => `the ${what} "${name}" is in the type, not in the statement`),
    ...answered.flatMap(({ name, type }) => {
      const kinds = shape.get(name);
      if (!kinds) return [`the ${what} "${name}" is in the statement, not in the type`];
      const unfit = kinds.filter((kind) => !fits(type, kind));
      return unfit.map((kind) => `the ${what} "${name}" is ${kind}, and not of type ${type}`);
    }),
  ];
}
