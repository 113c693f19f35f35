// What a browser loads before the dashboard's first page is there: the entry, all that it imports, and the
// chunks of the overview, as they are sent (gzip). Fails beyond the budget.
//
//   npm run bench:dashboard
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { endWithHelp } from '../scripts/help.mjs';

endWithHelp('bench:dashboard');

const BUDGET_KB = 250;
const FIRST_PAGE = 'src/pages/overview/page.tsx';

const folder = mkdtempSync(join(tmpdir(), 'tidegate-dashboard-'));
try {
  const vite = join('node_modules', 'vite', 'bin', 'vite.js');
  const args = ['build', '--config', 'dashboard/vite.config.ts', '--outDir', folder];
  args.push('--manifest', '--logLevel', 'error');
  execFileSync(process.execPath, [vite, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const manifest = JSON.parse(readFileSync(join(folder, '.vite', 'manifest.json'), 'utf8'));
  const wanted = new Set();
  take(manifest, 'index.html', wanted);
  take(manifest, FIRST_PAGE, wanted);
  const rows = [...wanted].map((name) => [name, sizeOf(join(folder, name))]);
  rows.sort(([, a], [, b]) => b - a);
  for (const [name, kb] of rows) console.log(`${kb.toFixed(1).padStart(8)} kB  ${name}`);
  const total = rows.filter(([name]) => name.endsWith('.js')).reduce((sum, [, kb]) => sum + kb, 0);
  console.log(
    `${total.toFixed(1).padStart(8)} kB  of JavaScript, gzip, before the first page (at most ${BUDGET_KB})`,
  );
  if (total > BUDGET_KB) {
    console.error('The budget is used up: load what a page alone needs with that page.');
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function take(manifest, key, wanted) {
  const { file, css = [], imports = [] } = manifest[key];
  if (wanted.has(file)) return;
  for (const name of [file, ...css]) wanted.add(name);
  for (const name of imports) take(manifest, name, wanted);
}

function sizeOf(path) {
  const packed = `${path}.gz`;
  const bytes = existsSync(packed) ? readFileSync(packed) : gzipSync(readFileSync(path));
  return bytes.length / 1000;
}
