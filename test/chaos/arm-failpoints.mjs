// Loaded before a program under test (`node --import …/arm-failpoints.mjs <program>`): arms the failpoints
// of that program's own build as TIDEGATE_FAILPOINTS says, `@<file>` for a file that may change meanwhile.
// What acts is here and not in src/: a process that is started without this file cannot be armed.
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { readFailpoints } from './failpoint-text.mjs';

const told = process.env.TIDEGATE_FAILPOINTS;
// The program itself refuses to start with it.
delete process.env.TIDEGATE_FAILPOINTS;
if (told) {
  if (process.env.NODE_ENV === 'production') throw new Error('no failpoints in production');
  const program = pathToFileURL(process.argv[1]);
  const { armFailpoints, failpoints } = await import(new URL('../../kernel/failpoint.js', program));
  armFailpoints(armed(told, failpoints));
}

function armed(source, known) {
  const file = source.startsWith('@') ? source.slice(1) : undefined;
  const fired = file ? `${file}.fired` : undefined;
  let text = '';
  let entries = [];
  const hits = new Map();
  const here = new Set();
  const load = () => {
    const now = file ? textOf(file) : source;
    if (now === text) return;
    text = now;
    hits.clear();
    entries = readFailpoints(now);
    const unknown = entries.find(({ at }) => !known.includes(at));
    if (unknown) throw new Error(`there is no failpoint ${unknown.at}`);
  };
  return async (at, about) => {
    load();
    for (const entry of entries) {
      if (entry.at !== at || (entry.about !== undefined && entry.about !== about)) continue;
      if (entry.percent !== undefined) {
        if (Math.random() * 100 < entry.percent) await act(entry);
        continue;
      }
      const count = (hits.get(entry.text) ?? 0) + 1;
      hits.set(entry.text, count);
      // Once in all processes: the one that is started again must not die of it, too.
      const before = fired ? textOf(fired).split('\n') : [...here];
      if (count < entry.nth || before.includes(entry.text)) continue;
      here.add(entry.text);
      if (fired) appendFileSync(fired, `${entry.text}\n`);
      await act(entry);
    }
  };
}

async function act({ at, action, ms }) {
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (action === 'unhandled') {
    void Promise.reject(new Error(`failpoint ${at}`));
    await new Promise(() => {});
  }
  if (action === 'delay') await pause(ms);
  if (action === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  if (action === 'error') throw new Error(`failpoint ${at}`);
  const code = { lost: 'ECONNRESET', conflict: '40001' }[action];
  if (code) throw Object.assign(new Error(`failpoint ${at}: ${action}`), { code });
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
