import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { transform } from '@swc/core';

/** Programs compiled as `npm run build` would, for tests that need real processes. */
export interface BuiltPrograms {
  agent: string;
  front: string;
}

/** A defence that is taken out of the sources, to see that the tests notice. */
export interface SourceMutation {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly from: RegExp; readonly to: string }[];
}

const PARTS = ['kernel', 'agent', 'apps/agent', 'apps/front'];
const CACHE = 'node_modules/.cache/tidegate-built';

/** Compiled once per state of the sources: the folder is named by the hash of their contents. */
export async function builtPrograms(mutation?: SourceMutation): Promise<BuiltPrograms> {
  const folder = await built(PARTS, CACHE, mutation);
  return { agent: join(folder, 'apps/agent/main.js'), front: join(folder, 'apps/front/main.js') };
}

/** The API and the worker: never a dist/ that is older than the sources. */
export async function builtServer(
  mutation?: SourceMutation,
): Promise<{ api: string; worker: string }> {
  const folder = await built(['.'], `${CACHE}-server`, mutation);
  return { api: join(folder, 'apps/api/main.js'), worker: join(folder, 'apps/worker/main.js') };
}

const builds = new Map<string, Promise<string>>();

/** Once per process, whatever changes meanwhile: one test's programs are of one state. */
function built(
  parts: readonly string[],
  cache: string,
  mutation?: SourceMutation,
): Promise<string> {
  const key = `${cache} ${mutation?.name ?? ''}`;
  const known = builds.get(key) ?? build(parts, cache, mutation);
  builds.set(key, known);
  return known;
}

async function build(
  parts: readonly string[],
  cache: string,
  mutation?: SourceMutation,
): Promise<string> {
  const root = resolve('src');
  const sources = new Map<string, string>();
  for (const part of parts) {
    for (const name of await readdir(join(root, part), { recursive: true })) {
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      sources.set(join(part, name), await readFile(join(root, part, name), 'utf8'));
    }
  }
  if (mutation) mutate(sources, mutation);
  const config = await readFile(resolve('.swcrc'), 'utf8');
  const migrations = await readdir('migrations');
  const hash = createHash('sha256').update(`${config}\n${migrations.sort().join('\n')}`);
  for (const [name, text] of [...sources].sort()) hash.update(`${name}\n${text}\n`);
  const home = resolve(cache, hash.digest('hex').slice(0, 20));
  if (!existsSync(home)) await compile(sources, config, home);
  return join(home, 'dist');
}

/** What the programs at hand do not consist of stays as it is; what is there must still fit. */
function mutate(sources: Map<string, string>, { name, edits }: SourceMutation): void {
  for (const { file, from, to } of edits) {
    const text = sources.get(file) ?? sources.get(join('.', file));
    if (text === undefined) continue;
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`mutation "${name}": ${from} is not in ${file} any more`);
    sources.set(file, changed);
  }
}

async function compile(sources: Map<string, string>, config: string, home: string) {
  const { exclude: _exclude, ...swc } = JSON.parse(config);
  const temporary = `${home}.${process.pid}`;
  for (const [name, text] of sources) {
    const { code } = await transform(text, { ...swc, swcrc: false, filename: name });
    const path = join(temporary, 'dist', name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
  }
  // What programs look for beside dist/; package.json also says that they are modules.
  await cp('package.json', join(temporary, 'package.json'));
  await cp('migrations', join(temporary, 'migrations'), { recursive: true });
  await cp('data', join(temporary, 'data'), { recursive: true });
  // Another test file may have been faster; its result is the same.
  await rename(temporary, home).catch(() => rm(temporary, { recursive: true, force: true }));
}
