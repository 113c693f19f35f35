import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError } from '../kernel/errors.js';
import { journalPath } from './agent.js';
import { lockDirectory, lockHolder } from './directory-lock.js';
import { livingFronts } from './front/front-identity.js';
import { Journal } from './journal/journal.js';
import { familyOf, Instances } from './supervisor/instances.js';
import { removeControlGroup } from './supervisor/control-groups.js';
import { endFamily } from './supervisor/end-family.js';
import { Families } from './supervisor/families.js';
import { endHook } from './supervisor/leftover-hook.js';
import { bootId, isAlive, type ProcessIdentity, startTimeOf } from './supervisor/proc.js';
import { specOf } from './supervisor/release-spec.js';

const STOP_WAIT_MS = 30_000;

/** Ends everything that runs for a folder: the agent, then the front, then every module. */
export async function teardown(
  directory: string,
  frontDirectory: string,
  log: Logger,
): Promise<void> {
  if (!existsSync(directory)) return;
  const agent = await lockHolder(directory);
  if (agent) await end(agent, 'agent');
  const lock = await lockDirectory(directory);
  try {
    for (const { pid } of await livingFronts(frontDirectory)) {
      await end({ pid, startTime: startTimeOf(pid), bootId }, 'front');
    }
    const families = new Families();
    const journal = Journal.open(journalPath(directory));
    const instances = new Instances(journal, families);
    instances.adopt();
    const stops = instances.all().map(async (record) => {
      const { stopGraceMs } = specOf(record.release).manifest;
      const { escaped } = await endFamily(families, familyOf(record), stopGraceMs);
      if (record.controlGroup !== undefined) removeControlGroup(record.controlGroup);
      instances.gone(record.instance);
      log.info({ module: record.moduleName, version: record.release.version, escaped }, 'stopped');
    });
    // A hook outlives its agent, too.
    const hooks = journal.moduleIds().flatMap((moduleId) => journal.unendedHooks(moduleId));
    const ends = hooks.map(({ runId }) => endHook(families, runId));
    // One that does not end keeps nobody else from being ended.
    const failed = (await Promise.allSettled([...stops, ...ends])).find(isFailure);
    journal.close();
    if (failed) throw failed.reason;
  } finally {
    await lock.release();
  }
}

function isFailure(settled: PromiseSettledResult<void>): settled is PromiseRejectedResult {
  return settled.status === 'rejected';
}

async function end(identity: ProcessIdentity, what: string): Promise<void> {
  if (!isAlive(identity)) return;
  process.kill(identity.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_WAIT_MS;
  while (isAlive(identity)) {
    if (performance.now() > deadline) {
      throw new DomainError(
        'unavailable',
        'does-not-stop',
        `The ${what} (pid ${identity.pid}) does not stop; end it by hand and repeat.`,
      );
    }
    await pause(50);
  }
}
