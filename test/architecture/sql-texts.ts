/**
 * The SQL of the sources: what is declared as a statement, and what is still sent as a text. A statement
 * may be put together from fragments of several files: each part belongs to the file in which it stands.
 */
import ts from 'typescript';
import { declaredStatements } from '../../src/platform/database/statement.js';
import { declaringSources, type Source, sources, within } from './sources.js';

export interface SqlText {
  /** The statement's name, or the place of the call. */
  readonly name: string;
  readonly text: string;
  /** The file in which the part at that character stands. */
  readonly fileAt: (at: number) => string;
}

/** A piece of a literal without holes, as it stands in a file. */
interface Piece {
  readonly file: string;
  readonly text: string;
}

/** One name for all parameters: a declared text has numbers where its fragments have names. */
const bare = (text: string) => text.replace(/(?<![\w\]:]):[a-z]\w*|\$\d+/g, () => '$1');

/** All that is declared. Loads the modules that do so. */
export async function declaredTexts(): Promise<SqlText[]> {
  const declaring = declaringSources();
  for (const { file } of declaring) await import(`../../${file.replace(/\.ts$/, '.js')}`);
  return declaredStatements().map(({ name, text }) => {
    const sql = bare(text);
    const home = declaring.find((each) => names(each, name))?.file ?? name;
    return { name, text: sql, fileAt: (at) => standsIn(sql, at) ?? home };
  });
}

/** `runs.lease`, or `${table}.lock-run` of a factory. */
function names({ text }: Source, name: string): boolean {
  if (text.includes(`'${name}'`)) return true;
  const made = [...text.matchAll(/`([\w.-]*\$\{\w+\}[\w.-]*)`/g)].map(([, found]) => found!);
  return made.some((each) => new RegExp(`^${each.replace(/\$\{\w+\}/g, '[a-z_-]+')}$`).test(name));
}

/** Calls of `tx.query('…')` and the like, by file. `text` is null where it is only known at run time. */
export function sentTexts(): { readonly file: string; readonly sql: SqlText | null }[] {
  const parsed = sources().map(parsedSource);
  const constants = new Map(parsed.flatMap(({ source }) => constantsOf(source)));
  return parsed.flatMap(({ file, source }) => {
    const own = new Map([...constants, ...constantsOf(source)]);
    return [...within(source)].filter(sendsText).map((call) => {
      const text = folded(call.arguments[0]!, own);
      if (text === null) return { file, sql: null };
      const sql = bare(text);
      const { line } = source.getLineAndCharacterOfPosition(call.getStart(source));
      const fileAt = (at: number) => standsIn(sql, at) ?? file;
      return { file, sql: { name: `${file}:${line + 1}`, text: sql, fileAt } };
    });
  });
}

const SENDS = /^(query|queryPlannedOnce|first|execute)$/;

/** A statement that is declared has a name; a text is a literal, or a constant that is shouted. */
function sendsText(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { expression: receiver, name } = node.expression;
  const isTx =
    (ts.isIdentifier(receiver) && receiver.text === 'tx') ||
    (ts.isPropertyAccessExpression(receiver) && receiver.name.text === 'tx');
  const [sql] = node.arguments;
  if (!isTx || !SENDS.test(name.text) || !sql) return false;
  return (
    !ts.isPropertyAccessExpression(sql) &&
    !ts.isElementAccessExpression(sql) &&
    !(ts.isIdentifier(sql) && isDeclared(sql.text))
  );
}

let declaredNames: ReadonlySet<string> | undefined;

/** `const NAME = statement<…>(…)`, anywhere. */
function isDeclared(name: string): boolean {
  declaredNames ??= new Set(
    declaringSources().flatMap(({ text }) =>
      [...text.matchAll(/const (\w+)[^=;]*= statement[<(]/g)].map(([, found]) => found!),
    ),
  );
  return declaredNames.has(name);
}

function constantsOf(source: ts.SourceFile): [string, ts.Expression][] {
  return [...within(source)].flatMap((node): [string, ts.Expression][] =>
    ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer
      ? [[node.name.text, node.initializer]]
      : [],
  );
}

/** What an expression is before anything runs, or null. */
function folded(node: ts.Expression, constants: ReadonlyMap<string, ts.Expression>): string | null {
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return node.text;
  if (ts.isIdentifier(node)) {
    const found = constants.get(node.text);
    return found && found !== node ? folded(found, constants) : null;
  }
  if (!ts.isTemplateExpression(node)) return null;
  const parts = node.templateSpans.map(({ expression, literal }) => {
    const value = folded(expression, constants);
    return value === null ? null : value + literal.text;
  });
  return parts.includes(null) ? null : node.head.text + parts.join('');
}

/** The longest piece that is there and covers that character. */
function standsIn(sql: string, at: number): string | undefined {
  let best: Piece | undefined;
  for (const piece of allPieces()) {
    if (best && piece.text.length <= best.text.length) continue;
    const from = sql.lastIndexOf(piece.text, at);
    if (from >= 0 && from + piece.text.length > at) best = piece;
  }
  return best?.file;
}

/** Words without which a piece names no table. */
const KEYWORD = /\b(from|join|into|update|delete|merge|truncate|using)\b/i;

function allPieces(): Piece[] {
  pieces ??= sources().flatMap((each) => {
    if (!KEYWORD.test(each.text)) return [];
    const { file, source } = parsedSource(each);
    return [...within(source)].flatMap((node) =>
      isPiece(node) && KEYWORD.test(node.text) ? [{ file, text: bare(node.text) }] : [],
    );
  });
  return pieces;
}

let pieces: Piece[] | undefined;

const isPiece = (node: ts.Node) =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateHead(node) ||
  ts.isTemplateMiddle(node) ||
  ts.isTemplateTail(node);

const parsedSource = ({ file, text }: Source) => ({
  file,
  source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest),
});
