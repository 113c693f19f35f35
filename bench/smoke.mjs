// `npm run bench:smoke`: does every bench still run? Each for seconds, two at a time, since nobody reads the
// figures, under a time-out, in a folder for temporary files of its own, in which nothing may be left. Fails
// with the command to see it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithHelp } from '../scripts/help.mjs';
import { smokeForms } from './smoke-forms.mjs';

endWithHelp('bench:smoke');

/** Many times what one takes on a busy machine: this finds what hangs. */
const TIMEOUT_MS = 180_000;
const SHOWN_LINES = 20;
const AT_ONCE = 2;

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const benches = Object.keys(scripts).filter((name) => /^bench:(?!smoke$)/.test(name));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benches.includes(name));
if (unknown.length > 0) {
  console.error(`Usage: npm run bench:smoke -- [bench …], of ${benches.join(', ')}`);
  process.exit(2);
}

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const stop of running) stop();
    process.exitCode = 130;
  });
}

const chosen = wanted.length > 0 ? wanted : benches;
const waiting = [...chosen];
const results = new Map();
await Promise.all(Array.from({ length: AT_ONCE }, takeNext));
const rows = chosen.filter((name) => results.has(name)).map((name) => results.get(name));
console.log('');
for (const [name, took, what] of rows) console.log(name.padEnd(18), took.padStart(8), '', what);
const failed = rows.filter(([, , what]) => what !== 'ran').map(([name]) => name);
for (const name of failed)
  console.log(`To see it again: npm run ${name} -- ${smokeForms[name] ?? ''}`);
if (failed.length > 0) process.exitCode ||= 1;

async function takeNext() {
  while (waiting.length > 0 && process.exitCode !== 130) {
    const name = waiting.shift();
    const since = performance.now();
    const problem = await tryOut(name);
    const took = `${((performance.now() - since) / 1000).toFixed(1)} s`;
    results.set(name, [name, took, problem ?? 'ran']);
    console.log(results.get(name).join('  '));
  }
}

async function tryOut(name) {
  const flags = smokeForms[name];
  if (flags === undefined) return 'has no smoke form: give it one in bench/smoke-forms.mjs';
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-smoke-'));
  try {
    const { code, said } = await run(name, flags.split(' ').filter(Boolean), folder);
    if (code !== 0) {
      console.log(said.split('\n').slice(-SHOWN_LINES).join('\n'));
      return code === null ? `was not over after ${TIMEOUT_MS / 1000} s` : `exit code ${code}`;
    }
    const left = readdirSync(folder).filter((file) => !/^(node-compile-cache|v8-)/.test(file));
    return left.length > 0 ? `left ${left.join(', ')} among the temporary files` : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a group of its own, so that of one that hangs all can be ended. */
async function run(name, flags, folder) {
  const child = spawn('npm', ['run', '-s', name, '--', ...flags], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (said = (said + chunk).slice(-20_000)));
  }
  let isLate = false;
  const signal = (which) => {
    try {
      process.kill(-child.pid, which);
    } catch {
      // It has ended.
    }
  };
  const stop = () => signal('SIGTERM');
  running.add(stop);
  const timer = setTimeout(() => {
    isLate = true;
    signal('SIGKILL');
  }, TIMEOUT_MS);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  running.delete(stop);
  return { code: isLate ? null : code, said };
}
