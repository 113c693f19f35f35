import { messageOf } from '../../kernel/errors.js';
import { Config } from '../../platform/config/config.js';
import { runMigrate } from '../../platform/database/migrate-command.js';

/** Brings the database to this version's shape, or one step back. See platform/database. */
try {
  await runMigrate(process.argv.slice(2), Config.read(), (line) =>
    process.stdout.write(`${line}\n`),
  );
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
