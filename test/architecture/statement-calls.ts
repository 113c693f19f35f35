/**
 * Each `statement<P, Row>(name, …)` of the sources, with the shapes of what goes in and what comes out as
 * the compiler knows them.
 */
import ts from 'typescript';
import { compilerOptions, declaringSources, root, within } from './sources.js';

/** Of a value that is not null: `string`, `number`, `Date`, `object`, `string[]` and so on. */
export type ValueKind = string;
/** By property; more than one kind: a union. */
export type Shape = ReadonlyMap<string, readonly ValueKind[]>;

export interface StatementCall {
  /** `file:line`. */
  readonly place: string;
  readonly file: string;
  /** Of the name: one of a factory has holes. */
  readonly matches: (name: string) => boolean;
  /** Undefined: a type parameter, whose shape nobody knows here. */
  readonly parameters: Shape | undefined;
  /** Null: the statement has no rows. */
  readonly row: Shape | null | undefined;
}

export function statementCalls(): StatementCall[] {
  const files = declaringSources().map(({ file }) => `${root}${file}`);
  const program = ts.createProgram(files, compilerOptions());
  const checker = program.getTypeChecker();
  return files.flatMap((path) => {
    const source = program.getSourceFile(path)!;
    return [...within(source)].flatMap((node) =>
      isStatementCall(node) ? [described(node, source, checker)] : [],
    );
  });
}

const isStatementCall = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) &&
  ts.isIdentifier(node.expression) &&
  node.expression.text === 'statement';

function described(
  call: ts.CallExpression,
  source: ts.SourceFile,
  checker: ts.TypeChecker,
): StatementCall {
  const file = source.fileName.slice(root.length);
  const { line } = source.getLineAndCharacterOfPosition(call.getStart());
  const [parameters, row] = call.typeArguments ?? [];
  const typeOf = (node: ts.TypeNode) => checker.getTypeFromTypeNode(node);
  return {
    file,
    place: `${file}:${line + 1}`,
    matches: matcherOf(call.arguments[0]!),
    parameters: parameters ? shapeOf(typeOf(parameters), checker) : new Map(),
    row: row ? shapeOf(typeOf(row), checker) : null,
  };
}

/** `${table}.lock-run` is of each name that ends like it. */
function matcherOf(name: ts.Expression): (name: string) => boolean {
  if (ts.isStringLiteralLike(name)) return (other) => other === name.text;
  if (!ts.isTemplateExpression(name)) return () => false;
  const texts = [name.head.text, ...name.templateSpans.map(({ literal }) => literal.text)];
  const pattern = new RegExp(
    `^${texts.map((text) => text.replaceAll('.', '\\.')).join('[a-z_-]+')}$`,
  );
  return (other) => pattern.test(other);
}

function shapeOf(type: ts.Type, checker: ts.TypeChecker): Shape | undefined {
  if (type.flags & ts.TypeFlags.TypeParameter) return undefined;
  const kinds = checker
    .getPropertiesOfType(type)
    .map((property): [string, ValueKind[]] => [
      property.name,
      kindsOf(checker.getTypeOfSymbol(property), checker),
    ]);
  return new Map(kinds);
}

function kindsOf(type: ts.Type, checker: ts.TypeChecker): ValueKind[] {
  const { flags } = type;
  if (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) return [];
  if (flags & ts.TypeFlags.StringLike) return ['string'];
  if (flags & ts.TypeFlags.NumberLike) return ['number'];
  if (flags & ts.TypeFlags.BigIntLike) return ['bigint'];
  if (flags & ts.TypeFlags.BooleanLike) return ['boolean'];
  if (type.isUnion())
    return [...new Set(type.types.flatMap((part) => kindsOf(part, checker)))].sort();
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    return element ? kindsOf(element, checker).map((kind) => `${kind}[]`) : ['unknown[]'];
  }
  const name = type.symbol?.name;
  if (name === 'Date') return ['Date'];
  if (name === 'Buffer' || name === 'Uint8Array') return ['bytes'];
  if (flags & ts.TypeFlags.Object || type.isIntersection()) return ['object'];
  return ['unknown'];
}
