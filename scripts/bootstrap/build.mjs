// Is the build that of the sources? Contents, not times: a fresh clone and a switched branch have misleading
// times.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeExecutable } from './executable.mjs';

const settings = [
  '.swcrc',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'dashboard/index.html',
  'dashboard/vite.config.ts',
];

/**
 * Compiled aside and then renamed: whoever uses what was built before, and waits for no turn, finds all of one
 * build. As deep as dist, for source maps say where the sources are from there.
 */
const asides = { dist: '.bootstrap.dist', before: '.bootstrap.before', config: '.bootstrap.json' };

export async function build(root, step) {
  const dist = path.join(root, 'dist');
  const stamp = path.join(dist, '.sources');
  const hash = hashOfSources(root);
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== hash) {
    removeAsides(root);
    await compile(root, step);
    await buildDashboard(root, step);
    const built = path.join(root, asides.dist);
    // With the build, and never before it is whole.
    fs.writeFileSync(path.join(built, '.sources'), hash);
    makeExecutable(root, { dist: asides.dist });
    if (fs.existsSync(dist)) fs.renameSync(dist, path.join(root, asides.before));
    fs.renameSync(built, dist);
    removeAsides(root);
  }
  makeExecutable(root);
}

/** Also those of a build that was broken off. */
function removeAsides(root) {
  for (const name of Object.values(asides)) {
    fs.rmSync(path.join(root, name), { recursive: true, force: true });
  }
}

async function compile(root, step) {
  const own = { extends: './tsconfig.build.json', compilerOptions: { outDir: asides.dist } };
  fs.writeFileSync(path.join(root, asides.config), JSON.stringify(own));
  const nest = path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const hint = 'The build failed: see above.';
  const args = [nest, 'build', '-p', asides.config];
  await step({ title: 'Building', hint, file: process.execPath, args });
}

/** Into the same folder, so that programs and pages are always of one build. */
async function buildDashboard(root, step) {
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const hint = 'The dashboard could not be built: see above.';
  const into = path.join(root, asides.dist, 'dashboard');
  const args = [vite, 'build', '--config', 'dashboard/vite.config.ts', '--outDir', into];
  args.push('--logLevel', 'warn');
  await step({ title: 'Building the dashboard', hint, file: process.execPath, args });
}

function hashOfSources(root) {
  const hash = createHash('sha256');
  const folders = ['src', 'sdks/typescript/src', 'dashboard/src', 'dashboard/public'];
  const sources = folders.flatMap((folder) => filesBelow(root, folder));
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
