import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DomainError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { bootId, isAlive, type ProcessIdentity, startTimeOf } from './supervisor/proc.js';

/** Long enough for a rival that found the same stale lock to have written its own. */
const SETTLE_MS = 60;

/**
 * One agent per folder. The lock names its holder by pid, start time and boot id, so a holder that
 * was killed leaves a lock that anybody can see is stale.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = lockPath(directory);
  const holder = await lockHolder(directory);
  if (holder) throw taken(directory, holder.pid);
  const mine = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid), bootId });
  const temporary = `${path}.${newId()}`;
  await writeFile(temporary, mine, { mode: 0o600 });
  await rename(temporary, path);
  await pause(SETTLE_MS);
  if ((await readFile(path, 'utf8').catch(() => '')) !== mine) throw taken(directory, undefined);
  return {
    release: async () => {
      if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true });
    },
  };
}

/** The agent that runs on this folder now, or null. */
export async function lockHolder(directory: string): Promise<ProcessIdentity | null> {
  const text = await readFile(lockPath(directory), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const { pid, startTime, bootId: boot } = JSON.parse(text) as Partial<ProcessIdentity>;
    if (typeof pid !== 'number' || typeof startTime !== 'string' || typeof boot !== 'string') {
      return null;
    }
    const identity = { pid, startTime, bootId: boot };
    return isAlive(identity) ? identity : null;
  } catch {
    return null;
  }
}

function lockPath(directory: string): string {
  return join(directory, 'agent.lock');
}

function taken(directory: string, pid: number | undefined): DomainError {
  const who = pid === undefined ? 'another agent' : `the agent with pid ${pid}`;
  return new DomainError(
    'conflict',
    'agent-already-running',
    `${who} already runs on ${directory}; stop it, or give this one another --dir.`,
  );
}
