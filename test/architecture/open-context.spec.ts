import ts from 'typescript';
import { compilerOptions, root } from './sources.js';

/** What the compiler says of a file with these lines, which is nowhere. */
function faultsOf(lines: readonly string[]): string[] {
  const file = `${root}src/fleet/written-for-a-test.ts`;
  const text = [
    `import type { Context, OpenContext } from '../platform/context.js';`,
    `import { statement } from '../platform/database/statement.js';`,
    `const find = statement<{ id: string }, { name: string }>('test.find', 'select');`,
    ...lines,
  ].join('\n');
  const options = { ...compilerOptions(), noEmit: true };
  const real = ts.createCompilerHost(options);
  const host = {
    ...real,
    fileExists: (path: string) => path === file || real.fileExists(path),
    readFile: (path: string) => (path === file ? text : real.readFile(path)),
    getSourceFile: (...[path, ...rest]: Parameters<ts.CompilerHost['getSourceFile']>) =>
      path === file ? ts.createSourceFile(path, text, rest[0]) : real.getSourceFile(path, ...rest),
  };
  const program = ts.createProgram([file], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ start = 0, messageText }) => {
      const line = text.slice(0, start).split('\n').length - 4;
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0]}`;
    });
}

it('sends a statement in an open transaction only, with all its parameters', () => {
  const faults = faultsOf([
    `export const right = (open: OpenContext) => open.tx.first(find, { id: 'a' });`,
    `export const wide = async (open: OpenContext) => (await right(open))?.name.length;`,
    `export const outside = (ctx: Context) => ctx.tx.first(find, { id: 'a' });`,
    `export const handed = (ctx: Context) => right(ctx);`,
    `export const closed = (open: OpenContext) => right(open.closed());`,
    `export const missing = (open: OpenContext) => open.tx.first(find);`,
    `export const misspelt = (open: OpenContext) => open.tx.first(find, { di: 'a' });`,
    `export const column = async (open: OpenContext) => (await right(open))?.nmae;`,
  ]);
  expect(faults.map((fault) => fault.slice(0, fault.indexOf(':')))).toEqual([
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
  ]);
  expect(faults[0]).toContain("Property 'tx' does not exist on type 'Context'");
});
