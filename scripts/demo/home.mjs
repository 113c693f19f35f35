// The folder of one demo: database, artifacts, nodes and logs. It is named after the demo's process, so that
// demos at the same time keep apart, and what a demo that was killed left behind can be told from a living one.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const projectRoot = path.resolve(here, '..', '..');

/** Beside the project, and where that cannot be written. */
export function demoFolders() {
  return [
    path.join(projectRoot, '.tidegate', 'demo'),
    path.join(os.tmpdir(), `tidegate-demo-${os.userInfo().username}`),
  ];
}

/** Beside the project where that can be written, otherwise among the temporary files. */
export function makeHome() {
  const [beside, among] = demoFolders();
  for (const folder of [beside, among]) {
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      return fs.mkdtempSync(path.join(folder, `${process.pid}-`));
    } catch (error) {
      if (folder !== among) continue;
      throw new Error(
        `The demo needs a folder that it can write, and neither ${beside} nor ${among} is one (${error.code}): name another in TMPDIR.`,
        { cause: error },
      );
    }
  }
}

/** Homes of demos that are not alive any more. */
export function abandonedHomes(folder, home = '') {
  return fs
    .readdirSync(folder)
    .filter((name) => /^\d+-/.test(name) && name !== path.basename(home))
    .filter((name) => {
      const pid = Number.parseInt(name, 10);
      return pid === process.pid || !runs(pid, 'demo');
    })
    .map((name) => path.join(folder, name));
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Is this pid still the program that it was when it was written down? */
export function runs(pid, program) {
  return isAlive(pid) && commandOf(pid).includes(program);
}

function commandOf(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // No Linux, or gone.
  }
  const ps = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return ps.stdout ?? '';
}
