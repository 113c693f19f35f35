// A process by its id and its start: an id alone is given out again.
import { readFileSync } from 'node:fs';

/** What can be written down, and compared later. */
export function identityOf(pid) {
  return { pid, started: startOf(pid) };
}

export function lives(identity) {
  if (!Number.isSafeInteger(identity?.pid) || identity.pid <= 1) return false;
  return isAlive(identity.pid) && startOf(identity.pid) === identity.started;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  // A dead process that nobody has collected yet.
  return fieldsOf(pid)[0] !== 'Z';
}

/** Boot and start time where the system tells; elsewhere the id must do. */
function startOf(pid) {
  const started = fieldsOf(pid)[19] ?? '';
  return `${read('/proc/sys/kernel/random/boot_id').trim()} ${started}`;
}

/** From field 3 on: state, parent, group …; the program's name before them may hold anything. */
export function fieldsOf(pid) {
  const line = read(`/proc/${pid}/stat`);
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
