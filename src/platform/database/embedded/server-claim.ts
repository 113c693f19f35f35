/**
 * One process owns an embedded server's folder at a time. The claim is a file with the owner's id and
 * start, so that a process id that was given out again after a crash is not taken for the owner.
 * PostgreSQL's own lock file stays the last word on the data; this one tells whether a server that is
 * still running belongs to somebody who lives, and must be left alone, or to a killed process.
 */
import { readFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../../kernel/errors.js';

interface Claim {
  pid: number;
  started: string;
}

export async function claimOf(folder: string): Promise<number | undefined> {
  const text = await readFile(claimFile(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const claim = parse(text);
  if (!claim || !isAlive(claim.pid)) return undefined;
  return (await startOf(claim.pid)) === claim.started ? claim.pid : undefined;
}

export async function takeClaim(folder: string): Promise<{ release(): Promise<void> }> {
  const mine = JSON.stringify({ pid: process.pid, started: await startOf(process.pid) });
  // Written aside and linked, so that nobody ever reads half a claim and calls it stale.
  const aside = `${claimFile(folder)}.${process.pid}`;
  await writeFile(aside, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await linked(aside, claimFile(folder))) {
        return { release: () => rm(claimFile(folder), { force: true }) };
      }
      const owner = await claimOf(folder);
      if (owner !== undefined) throw inUse(folder, owner);
      await rm(claimFile(folder), { force: true });
    }
    throw inUse(folder, undefined);
  } finally {
    await rm(aside, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A dead process that its parent has not collected yet (a container's first one often does not).
  return !fieldsOf(pid).startsWith('Z');
}

/** Boot and start time of a process where the system tells; elsewhere the process id must do. */
async function startOf(pid: number): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  // Field 22 of the line; what is left of it begins with field 3.
  const started = fieldsOf(pid).split(' ')[19] ?? '';
  return `${boot.trim()} ${started}`;
}

/** What follows the program's name, which is in parentheses and may hold spaces; '' without /proc. */
function fieldsOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

function parse(text: string): Claim | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Claim>;
    return Number.isSafeInteger(pid) && (pid ?? 0) > 0 && typeof started === 'string'
      ? { pid: pid ?? 0, started }
      : undefined;
  } catch {
    return undefined;
  }
}

function claimFile(folder: string): string {
  return join(folder, 'owner.json');
}

function inUse(folder: string, owner: number | undefined): DomainError {
  return new DomainError(
    'conflict',
    'embedded-postgres-in-use',
    `The embedded PostgreSQL in ${folder} belongs to a running Tidegate${owner === undefined ? '' : ` (process ${owner})`}: stop it first, or choose another state folder.`,
  );
}
