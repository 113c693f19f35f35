// What npx runs has to be executable, and a compiler writes plain files. npx itself sees to that only when it
// links the program for the first time: after the next build it would find "Permission denied".
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const EVERYBODY = 0o111;

/** The programs that package.json names, as far as they are there and ours to change. `dist`: where the build is. */
export function makeExecutable(root, { dist = 'dist' } = {}) {
  const manifest = path.join(root, 'package.json');
  if (!fs.existsSync(manifest)) return;
  const { bin = {} } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  for (const name of Object.values(bin)) {
    const file = path.join(root, name.replace(/^dist(?=\/)/, dist));
    if (!fs.existsSync(file)) continue;
    const { mode } = fs.statSync(file);
    if ((mode & EVERYBODY) === EVERYBODY) continue;
    try {
      fs.chmodSync(file, mode | EVERYBODY);
    } catch (error) {
      // Whoever installed it has to; nothing but npx needs it.
      if (!['EPERM', 'EROFS'].includes(error.code)) throw error;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) makeExecutable(process.cwd());
