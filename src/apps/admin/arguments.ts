import { DomainError } from '../../kernel/errors.js';

export const adminUsage = `Usage: npm run admin -- recover --username NAME --tenant SLUG [--password-stdin] [--reset-factors]

Makes NAME an Admin of the tenant again, on the server itself. The account is made if there is none; it
gets another password, and all of its sessions end. Works while the server runs and while it does not.

  --password-stdin   read the new password from standard input; else one is made up and printed once
  --reset-factors    take the account's second factors away, too: for whoever has lost them

In cluster mode run it with the server's settings (DATABASE_URL and the others). The audit log of the
tenant says that it was done.

Example: npm run admin -- recover --username ada --tenant default
`;

export interface RecoverArguments {
  readonly username: string;
  readonly tenant: string;
  readonly isPasswordGiven: boolean;
  readonly isResettingFactors: boolean;
}

/** Throws `usage` for what it does not understand. */
export function readAdminArguments(words: readonly string[]): RecoverArguments | 'help' {
  if (words.length === 0 || words.some((word) => word === '--help' || word === '-h')) return 'help';
  const [command, ...rest] = words;
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at]!;
    const next = rest[at + 1];
    if (['--password-stdin', '--reset-factors'].includes(word)) flags.add(word);
    else if (['--username', '--tenant'].includes(word) && next && !next.startsWith('--')) {
      values.set(word, next);
      at += 1;
    } else throw misunderstood();
  }
  const username = values.get('--username');
  const tenant = values.get('--tenant');
  if (command !== 'recover' || !username || !tenant) throw misunderstood();
  return {
    username,
    tenant,
    isPasswordGiven: flags.has('--password-stdin'),
    isResettingFactors: flags.has('--reset-factors'),
  };
}

function misunderstood(): DomainError {
  return new DomainError('invalid', 'usage', adminUsage.trimEnd());
}
