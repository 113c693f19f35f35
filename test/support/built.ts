import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { transform } from '@swc/core';

/** Programs compiled as `npm run build` would, for tests that need real processes. */
export interface BuiltPrograms {
  agent: string;
  front: string;
}

const PARTS = ['kernel', 'agent', 'apps/agent', 'apps/front'];

/** Compiled once per state of the sources: the folder is named by the hash of their contents. */
export async function builtPrograms(): Promise<BuiltPrograms> {
  const root = resolve('src');
  const sources = new Map<string, string>();
  for (const part of PARTS) {
    for (const name of await readdir(join(root, part), { recursive: true })) {
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      sources.set(join(part, name), await readFile(join(root, part, name), 'utf8'));
    }
  }
  const config = await readFile(resolve('.swcrc'), 'utf8');
  const hash = createHash('sha256').update(config);
  for (const [name, text] of [...sources].sort()) hash.update(`${name}\n${text}\n`);
  const folder = resolve('node_modules/.cache/tidegate-built', hash.digest('hex').slice(0, 20));
  if (!existsSync(folder)) await compile(sources, config, folder);
  return { agent: join(folder, 'apps/agent/main.js'), front: join(folder, 'apps/front/main.js') };
}

async function compile(sources: Map<string, string>, config: string, folder: string) {
  const { exclude: _exclude, ...swc } = JSON.parse(config);
  const temporary = `${folder}.${process.pid}`;
  for (const [name, text] of sources) {
    const { code } = await transform(text, { ...swc, swcrc: false, filename: name });
    const path = join(temporary, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
  }
  await writeFile(join(temporary, 'package.json'), '{ "type": "module" }');
  // Another test file may have been faster; its result is the same.
  await rename(temporary, folder).catch(() => rm(temporary, { recursive: true, force: true }));
}
