import { DomainError, messageOf } from '../../kernel/errors.js';
import { Config } from '../../platform/config/config.js';
import { startProblems } from '../../platform/start-error.js';
import { adminUsage, readAdminArguments } from './arguments.js';
import { runRecover } from './recover.js';

const { stdin, stdout, stderr } = process;
/** More than any password: whoever pipes a whole file in has taken the wrong one. */
const MOST_BYTES = 4096;

async function readPassword(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk as Buffer));
    bytes += chunks.at(-1)!.length;
    if (bytes > MOST_BYTES)
      throw new DomainError('invalid', 'usage', 'This is no password: it is too long.');
  }
  // Decoded so, a byte order mark is no part of it.
  return new TextDecoder().decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

/** What is done on the server itself, by whoever holds its settings and its database. */
try {
  const told = readAdminArguments(process.argv.slice(2));
  if (told === 'help') stdout.write(adminUsage);
  else {
    const { username, tenant, isPasswordGiven, isResettingFactors } = told;
    const password = isPasswordGiven ? await readPassword() : null;
    const request = { username, tenant, password, isResettingFactors };
    for (const line of await runRecover(Config.read(), request)) stdout.write(`${line}\n`);
  }
} catch (error) {
  for (const line of startProblems(error) ?? [messageOf(error)]) stderr.write(`${line}\n`);
  process.exitCode = error instanceof DomainError && error.kind === 'invalid' ? 2 : 1;
}
