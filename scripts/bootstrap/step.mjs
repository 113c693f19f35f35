// One step before the program: npm, or the compiler. It runs in a process group of its own, so that all of it
// can be ended, and is waited for whatever ends this process: nothing of it lives on and works in the folder
// that the next command works in.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fieldsOf } from './process-identity.mjs';
import { say } from './say.mjs';

/** What was asked to end and has not by then is killed. */
const END_MS = 10_000;
/** npm takes the first one, tidies something up, and installs on. */
const ASK_AGAIN_MS = 500;
const LOOK_MS = 50;
/** Of what a step says, the end is worth keeping. */
const KEPT_CHARACTERS = 200_000;

export class StepFailed extends Error {}

/** A signal came: whoever sees this ends by it. */
export class Interrupted extends Error {
  constructor(signal) {
    super(signal);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Throws StepFailed or Interrupted, and only when no process of the step is left. */
export async function runStep({ title, hint, file, args, cwd, interruption, onStart }) {
  const since = Date.now();
  say(`${title} …`);
  const child = spawn(file, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => (said = (said + chunk).slice(-KEPT_CHARACTERS)));
  }
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  if (child.pid !== undefined) onStart(child.pid);
  const first = await Promise.race([ended, interruption.first]);
  if (interruption.signal !== undefined) {
    say(`Interrupted: waiting for that to end …`);
    await endGroup(child.pid, interruption);
    throw new Interrupted(interruption.signal);
  }
  if (first.error || first.code !== 0) {
    say(said);
    throw new StepFailed(first.error ? `${hint} (${first.error.message})` : hint);
  }
  say(`  done in ${((Date.now() - since) / 1000).toFixed(1)} s`);
}

/** A second signal, or much time, ends it the hard way. */
export async function endGroup(pid, interruption = { count: 1 }) {
  const since = Date.now();
  for (let asked = 0; groupLives(pid); await pause(LOOK_MS)) {
    const elapsed = Date.now() - since;
    if (elapsed > END_MS || interruption.count > 1) signalGroup(pid, 'SIGKILL');
    else if (elapsed >= asked * ASK_AGAIN_MS) {
      signalGroup(pid, 'SIGTERM');
      asked += 1;
    }
  }
}

/** Where nobody collects the dead, they stay in their group for ever. */
function groupLives(pid) {
  if (!signalGroup(pid, 0)) return false;
  if (!fs.existsSync('/proc/self/stat')) return true;
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((name) => {
      const [state, , group] = fieldsOf(name);
      return Number(group) === pid && state !== 'Z';
    });
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
