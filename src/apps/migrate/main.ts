import { createInterface } from 'node:readline/promises';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { Config } from '../../platform/config/config.js';
import { startProblems } from '../../platform/start-error.js';
import {
  migrateUsage,
  readMigrateArguments,
  runMigrate,
} from '../../platform/database/migrations/migrate-command.js';

const { stdin, stdout, stderr } = process;

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stdout });
  try {
    // Ctrl-D is no consent.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question), closed]);
  } finally {
    lines.close();
  }
}

/** Brings the database to this version's shape, or one step back. See platform/database/migrations. */
try {
  const told = readMigrateArguments(process.argv.slice(2));
  if (told === 'help') stdout.write(migrateUsage);
  else {
    await runMigrate(told, Config.read(), {
      print: (line) => void stdout.write(`${line}\n`),
      ask: stdin.isTTY && stdout.isTTY ? ask : null,
    });
  }
} catch (error) {
  for (const line of startProblems(error) ?? [messageOf(error)]) stderr.write(`${line}\n`);
  process.exitCode = error instanceof DomainError && error.kind === 'invalid' ? 2 : 1;
}
