import {
  appendFileSync,
  closeSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { printable } from '../../kernel/text.js';
import type { Mask } from './mask.js';
import type { ModuleUser } from './module-user.js';

const ROTATE_BYTES = 10 * 1024 * 1024;
const KEEP_ROTATED = 5;
const KEEP_INSTANCES = 10;
const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 5;
/** How often to look at what is being written. */
export const ROTATE_EVERY_MS = 250;

/**
 * A module writes straight into its file, opened for appending, so its output needs no agent. To
 * rotate, the file is copied and cut: the process keeps its descriptor, and appending goes on at
 * the new end. A few lines written between copy and cut may be lost. Of a file that has become far
 * too long meanwhile only the end is kept, and that says so: a module that floods its output takes
 * neither the disk nor the agent's time.
 */
export class ModuleOutput {
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /**
   * A descriptor for a child's stdout and stderr; the caller closes its own copy. The file is the
   * child's user's: programs that open /dev/stdout anew must be allowed to.
   */
  open(instance: string, user?: Pick<ModuleUser, 'uid' | 'gid'>): number {
    const descriptor = openSync(this.path(instance), 'a', 0o600);
    if (user) fchownSync(descriptor, user.uid, user.gid);
    return descriptor;
  }

  path(instance: string): string {
    return join(this.directory, `${instance}.log`);
  }

  /**
   * Answers how long the file has become since it was last cut. Never throws: nobody who looks after a
   * module has an answer to a file that cannot be cut.
   */
  rotate(instance: string, limitBytes = ROTATE_BYTES): number {
    const path = this.path(instance);
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes <= limitBytes) return bytes;
    try {
      for (let number = KEEP_ROTATED - 1; number >= 1; number -= 1) {
        const older = `${path}.${number}`;
        if (statSync(older, { throwIfNoEntry: false })) renameSync(older, `${path}.${number + 1}`);
      }
      const { end, dropped } = endOf(path, 2 * limitBytes);
      const mark = dropped > 0 ? `[truncated: ${dropped} bytes before this were dropped]\n` : '';
      writeFileSync(`${path}.1`, mark, { mode: 0o600 });
      appendFileSync(`${path}.1`, end);
    } catch {
      // A disk without room, say, has none for a copy: all the more reason to cut.
    }
    try {
      truncateSync(path, 0);
    } catch {
      // Removed meanwhile, say; the next look sees.
    }
    return bytes;
  }

  /** The end of the output on one printable line, for a reason. */
  tail(instance: string, mask: Mask = String, lines = TAIL_LINES): string {
    const { end, dropped } = endOf(this.path(instance), TAIL_BYTES);
    // Of a line that is cut half a secret might be left, which nobody would know as one.
    const whole = dropped > 0 && end.includes(0x0a) ? end.subarray(end.indexOf(0x0a) + 1) : end;
    const all = mask(whole.toString('utf8')).trimEnd().split('\n');
    return all.slice(-lines).map(printable).join(' | ').slice(-1500);
  }

  /** So many bytes at most of its end, also of what was rotated away a moment ago. */
  end(instance: string, most: number): { end: Buffer; dropped: number } {
    const path = this.path(instance);
    const now = endOf(path, most);
    if (now.dropped > 0 || now.end.length === most) return now;
    const before = endOf(`${path}.1`, most - now.end.length);
    return { end: Buffer.concat([before.end, now.end]), dropped: before.dropped };
  }

  /** Removes the output of all but the newest instances. Their names grow with time. */
  prune(running: readonly string[]): void {
    const names = readdirSync(this.directory);
    const instances = [...new Set(names.map((name) => name.split('.')[0]!))].sort().reverse();
    const kept = new Set([...instances.slice(0, KEEP_INSTANCES), ...running]);
    for (const name of names) {
      if (!kept.has(name.split('.')[0]!)) rmSync(join(this.directory, name), { force: true });
    }
  }
}

/** So many bytes at most, and how many were before them; none of a file that is not there. */
function endOf(path: string, most: number): { end: Buffer; dropped: number } {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return { end: Buffer.alloc(0), dropped: 0 };
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, most));
    const dropped = size - bytes.length;
    const count = readSync(descriptor, bytes, 0, bytes.length, dropped);
    return { end: bytes.subarray(0, count), dropped };
  } finally {
    closeSync(descriptor);
  }
}
