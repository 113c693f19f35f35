import { createHash } from 'node:crypto';

/** What the driver sends as one parameter. Never `undefined`: what is absent is `null`, said by name. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Buffer
  | null
  | readonly (string | number | boolean | Date | null)[]
  | readonly object[]
  | Readonly<Record<string, unknown>>;

export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** Interfaces, too: they have no index signature. */
export type Bindable<P> = { readonly [Name in keyof P]: SqlValue };

/** Of a statement that has no parameters. */
export type NoParameters = Record<never, never>;

/** What `query` and its like take after the statement. */
export type Given<P> = [keyof P] extends [never] ? readonly [] : readonly [parameters: P];

/**
 * `force_generic_plan`: one plan per connection, because planning takes longer than running.
 * `force_custom_plan`: one for these values, because most of its conditions are of filters that nobody has given.
 */
export type PlanMode = 'force_generic_plan' | 'force_custom_plan';

/** One statement of the source, with the types of what goes in and of the rows that come out. */
export interface Statement<P, Row = never> {
  /** `<noun>.<what it does>`, unique; logs of slow statements say it. */
  readonly name: string;
  /** With `$1…` in place of the names. */
  readonly text: string;
  /** The names, in the order of `$1…`. */
  readonly parameters: readonly (keyof P & string)[];
  /** Under this name it is prepared, once per connection. */
  readonly preparedAs: string;
  /** Where PostgreSQL is not left to choose whether it plans for these values; null: it is. */
  readonly planMode: PlanMode | null;
  /** Says the row's type to the compiler; never there. */
  readonly row?: Row;
}

const all = new Map<string, Statement<SqlParameters, unknown>>();

/**
 * Declares a statement with named parameters: `:tenantId`, as often as needed. Declared where a module
 * is loaded, never inside a function: so that a test can find each one, have PostgreSQL prepare it and
 * compare its parameters and columns with the types. Aliases make columns camelCase.
 *
 * Throws for a second statement of that name, and for a text without an end of a quote.
 */
export function statement<P extends Bindable<P> = NoParameters, Row = never>(
  name: string,
  sql: string,
  options: { readonly plannedOnce?: boolean; readonly plannedEachTime?: boolean } = {},
): Statement<P, Row> {
  if (all.has(name)) throw new Error(`there are two statements named "${name}"`);
  const { text, parameters } = numbered(sql);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 24);
  const made: Statement<P, Row> = {
    name,
    text,
    parameters: parameters as (keyof P & string)[],
    preparedAs: `t_${digest}`,
    planMode: planModeOf(options),
  };
  all.set(name, made as Statement<SqlParameters, unknown>);
  return made;
}

/** All that the loaded modules have declared, by name. */
function planModeOf({
  plannedOnce,
  plannedEachTime,
}: {
  readonly plannedOnce?: boolean;
  readonly plannedEachTime?: boolean;
}): PlanMode | null {
  if (plannedOnce) return 'force_generic_plan';
  return plannedEachTime ? 'force_custom_plan' : null;
}

export function declaredStatements(): readonly Statement<SqlParameters, unknown>[] {
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The values in the order of `$1…`. Throws for a name that was not handed over. */
export function valuesOf<P>({ name, parameters }: Statement<P, unknown>, given?: P): unknown[] {
  return parameters.map((parameter) => {
    const value = given?.[parameter];
    if (value === undefined) throw new Error(`${name}: the parameter "${parameter}" is missing`);
    return value;
  });
}

/** What a name may stand in without being one: strings, quoted names, comments, casts, slices. */
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|::|(?<![\w\])]):([a-z][A-Za-z0-9]*)/g;

function numbered(sql: string): { text: string; parameters: string[] } {
  const parameters: string[] = [];
  const text = sql.replace(TOKENS, (token: string, name: string | undefined) => {
    if (name === undefined) return token;
    let at = parameters.indexOf(name);
    if (at < 0) at = parameters.push(name) - 1;
    return `$${at + 1}`;
  });
  return { text, parameters };
}
