import { systemClock } from '../../kernel/clock.js';
import type { Config } from '../../platform/config/config.js';
import { Database } from '../../platform/database/database.js';
import { openAccess } from '../../platform/database/open-access.js';
import { Events } from '../../platform/events/events.js';
import { Logger } from '../../platform/logging/logger.js';
import { InProcessSignal } from '../../platform/signal/in-process-signal.js';
import { Undo } from '../../platform/undo.js';
import { PasswordHasher } from '../../tenancy/auth/password-hasher.js';
import { NewPasswords } from '../../tenancy/passwords/new-passwords.js';
import { recoverAdmin, type RecoveryRequest } from '../../tenancy/users/recovery.js';

/** Beside the server or without it, on its own database. Returns what to print. */
export async function runRecover(config: Config, request: RecoveryRequest): Promise<string[]> {
  const logger = Logger.silent();
  const undo = new Undo();
  try {
    const access = await openAccess(config, logger, true);
    undo.add(() => access.stop());
    const signal = new InProcessSignal();
    undo.add(() => signal.close());
    const { app, system } = access;
    const recorder = new Events(signal);
    const db = await Database.open({
      app,
      system,
      poolSize: 2,
      systemPoolSize: 1,
      log: logger,
      recorder,
    });
    undo.add(() => db.close());
    const passwords = await NewPasswords.open(await PasswordHasher.open());
    const parts = { db, passwords, clock: systemClock };
    const done = await recoverAdmin(parts, request);
    const { username, role, isNew, endedSessions, generatedPassword } = done;
    const lines = [
      `${username} is ${role} of "${request.tenant}"${isNew ? ', with a new account' : ''}.`,
      isNew ? '' : `Sessions that ended: ${endedSessions}. Others are out within five seconds.`,
      request.isResettingFactors && !isNew ? 'Its second factors are gone.' : '',
      generatedPassword === null ? '' : `Password: ${generatedPassword}`,
      generatedPassword === null ? '' : 'It is stored nowhere and not shown again.',
    ];
    return lines.filter((line) => line !== '');
  } finally {
    await undo.run();
  }
}
