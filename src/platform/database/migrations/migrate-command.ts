/** `migrate up | down | status`: on DATABASE_OWNER_URL, or on standalone mode's own database. */
import { DomainError } from '../../../kernel/errors.js';
import type { Config } from '../../config/config.js';
import { type ConnectionOptions, connectionOptionsOf } from '../connection-options.js';
import { openEmbeddedDatabase } from '../embedded/embedded-database.js';
import { type Loss, lossInWords } from './losses.js';
import { Migrator } from './migrator.js';

export const migrateUsage = `Brings the database to the shape of this version, or one step back.

Usage: npm run migrate -- [up | down [--yes] | status]

  up        applies what this version has and the database lacks (the default)
  down      takes the last migration back. Says what it drops, with the rows in it, and asks first
  status    what has been applied, and what is pending or is not as it was applied
  --yes     down without asking, for a script: what is dropped is gone

Example: npm run migrate -- status
`;

export interface MigrateTerminal {
  readonly print: (line: string) => void;
  /** Null: nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

interface MigrateArguments {
  readonly command: string;
  readonly isAgreed: boolean;
}

export function readMigrateArguments(args: readonly string[]): MigrateArguments | 'help' {
  if (args.some((each) => each === '--help' || each === '-h')) return 'help';
  const flags = args.filter((each) => each.startsWith('-'));
  const [command = 'up', ...rest] = args.filter((each) => !each.startsWith('-'));
  const isAgreed = flags.includes('--yes');
  const isUnderstood =
    ['up', 'down', 'status'].includes(command) &&
    rest.length === 0 &&
    flags.every((flag) => flag === '--yes') &&
    (command === 'down' || !isAgreed);
  if (!isUnderstood) throw new DomainError('invalid', 'usage', migrateUsage.trimEnd());
  return { command, isAgreed };
}

export async function runMigrate(
  { command, isAgreed }: MigrateArguments,
  config: Config,
  terminal: MigrateTerminal,
): Promise<void> {
  const { print } = terminal;
  const database = await ownerOf(config, print);
  try {
    const migrator = new Migrator({ owner: database.owner, log: print });
    if (command === 'up') await up(migrator, print);
    else if (command === 'down') await down(migrator, isAgreed, terminal);
    else await status(migrator, print);
  } finally {
    await database.stop();
  }
}

async function up(migrator: Migrator, print: MigrateTerminal['print']): Promise<void> {
  const applied = await migrator.up();
  for (const name of applied) print(`applied  ${name}`);
  if (applied.length === 0) print('Nothing to do: the database is up to date.');
}

async function down(
  migrator: Migrator,
  isAgreed: boolean,
  { print, ask }: MigrateTerminal,
): Promise<void> {
  let isAsked = false;
  const taken = await migrator.down(async (name, losses) => {
    isAsked = true;
    for (const line of announcement(name, losses)) print(line);
    if (isAgreed) return true;
    if (ask === null) {
      throw new DomainError(
        'invalid',
        'not-agreed',
        'Nothing was changed: nobody can be asked here. Add --yes to drop all of that.',
      );
    }
    return (await ask('What is dropped is gone. Take it back? Type yes: ')).trim() === 'yes';
  });
  if (taken !== undefined) print(`reverted ${taken}`);
  else print(isAsked ? 'Nothing was changed.' : 'Nothing to take back.');
}

function announcement(name: string, losses: readonly Loss[]): string[] {
  if (losses.length === 0) return [`Taking ${name} back drops nothing.`];
  return [`Taking ${name} back`, ...losses.map((loss) => `  ${lossInWords(loss)}`)];
}

async function status(migrator: Migrator, print: MigrateTerminal['print']): Promise<void> {
  for (const { name, state } of await migrator.status()) print(`${state.padEnd(9)} ${name}`);
  const differences = await migrator.differences();
  if (differences.length === 0) return;
  print('The schema is not the one that these files make:');
  for (const difference of differences) print(`  ${difference}`);
}

async function ownerOf(
  config: Config,
  print: (line: string) => void,
): Promise<{ owner: ConnectionOptions; stop(): Promise<void> }> {
  const { url, ownerUrl } = config.database;
  if (ownerUrl !== null) return { owner: connectionOptionsOf(ownerUrl), stop: async () => {} };
  if (url !== null) {
    return { owner: connectionOptionsOf(url, 'tidegate_owner'), stop: async () => {} };
  }
  const embedded = await openEmbeddedDatabase({ home: config.home, log: print, mayShare: true });
  return { owner: embedded.access.owner, stop: () => embedded.stop() };
}
