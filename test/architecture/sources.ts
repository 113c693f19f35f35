/** The program's own sources, as texts and as the compiler sees them. No specs. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

export const root = new URL('../../', import.meta.url).pathname;

export interface Source {
  /** From the root of the repository: `src/fleet/nodes/nodes.store.ts`. */
  readonly file: string;
  readonly text: string;
}

export function sources(folder = 'src'): Source[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => `${folder}/${name}`)
    .sort()
    .map((file) => ({ file, text: readFileSync(`${root}${file}`, 'utf8') }));
}

/** Those that declare statements: all that must be loaded for `declaredStatements` to know them. */
export function declaringSources(): Source[] {
  return sources().filter(
    ({ file, text }) =>
      /\bstatement[<(]/.test(text) && file !== 'src/platform/database/statement.ts',
  );
}

export function compilerOptions(): ts.CompilerOptions {
  const config = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path));
  return ts.parseJsonConfigFileContent(config.config, ts.sys, root).options;
}

/** The node, and everything below it. */
export function* within(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* within(child);
}
