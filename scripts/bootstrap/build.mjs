// Is the build that of the sources? Contents, not times: a fresh clone and a switched branch have misleading
// times.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeExecutable } from './executable.mjs';

const settings = ['.swcrc', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

export async function build(root, step) {
  await compile(root, step);
  makeExecutable(root);
}

async function compile(root, step) {
  const stamp = path.join(root, 'dist', '.sources');
  const hash = hashOfSources(root);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash) return;
  // Half a build must not be taken for the one before, should its sources come back.
  fs.rmSync(stamp, { force: true });
  const nest = path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const hint = 'The build failed: see above.';
  await step({ title: 'Building', hint, file: process.execPath, args: [nest, 'build'] });
  fs.writeFileSync(stamp, hash);
}

function hashOfSources(root) {
  const hash = createHash('sha256');
  const sources = ['src', 'sdks/typescript/src'].flatMap((folder) => filesBelow(root, folder));
  for (const name of [...settings, 'package-lock.json', ...sources]) {
    hash
      .update(`${name}\0`)
      .update(fs.readFileSync(path.join(root, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(root, folder) {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(root, name) : [name];
    })
    .filter((name) => !name.endsWith('.spec.ts'))
    .sort();
}
