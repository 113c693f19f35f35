import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';

/** What who runs the platform looks after; signed in to the tenant `platform`. */
export function addPlatformCommands(program: Command, actions: Actions): void {
  const platform = program
    .command('platform')
    .description('The platform itself: for its admins, signed in with --tenant platform.');
  addTokenKeyCommands(platform, actions);
  addAccountCommands(platform, actions);
}

function addAccountCommands(platform: Command, { act }: Actions): void {
  const users = platform.command('users').description('Accounts of all tenants, in an emergency.');
  users
    .command('reset-factors')
    .description('Take all second factors of an account away, for who has lost them.')
    .argument('<user>', 'username or id')
    .requiredOption('--reason <words>', 'how you know that it is they; for the audit log')
    .addHelpText(
      'after',
      examples('tidegate platform users reset-factors ada --reason "lost phone, known in person"'),
    )
    .action(
      act(async (cli, user: string, { reason }: { reason: string }) => {
        const client = await cli.connect();
        const id = await idOf('account', user, accountsNamed(client, user));
        const account = await answer(
          client.api.POST('/api/v1/platform/users/{id}/reset-factors', {
            params: { path: { id } },
            body: { reason },
          }),
        );
        cli.terminal.result(account, [
          printable(`${account.username} has no second factor any more, and is signed out.`),
        ]);
      }),
    );
}

function addTokenKeyCommands(platform: Command, { act }: Actions): void {
  const keys = platform.command('token-keys').description('Keys that sign access tokens.');
  keys
    .command('list')
    .description('List the keys, newest first, those of the last year among them.')
    .addHelpText('after', examples('tidegate platform token-keys list'))
    .action(
      act(async (cli) => {
        const items = await listOf(tokenKeysOf(await cli.connect()));
        const { isUtc } = cli.terminal.style;
        const time = (text: string | null) => (text === null ? '-' : timeText(text, isUtc));
        const rows = items.map((key) => [
          key.kid,
          key.state,
          key.origin,
          time(key.signsFrom),
          time(key.revokedAt ?? key.verifiesUntil),
        ]);
        const heads = ['KEY', 'STATE', 'MADE BY', 'SIGNS FROM', 'GOOD UNTIL'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  keys
    .command('rotate')
    .description('Make the next key. It signs in two minutes; nobody has to sign in again.')
    .option(
      '--revoke-old',
      'if a key was stolen: sign with the new one at once, and refuse all tokens of the others',
    )
    .addHelpText(
      'after',
      examples(
        'tidegate platform token-keys rotate',
        'tidegate platform token-keys rotate --revoke-old',
      ),
    )
    .action(
      act(async (cli, { revokeOld = false }: { revokeOld?: boolean }) => {
        const { api } = await cli.connect();
        const key = await answer(
          api.POST('/api/v1/platform/token-signing-keys/rotate', { body: { revokeOld } }),
        );
        const { isUtc } = cli.terminal.style;
        const next = revokeOld
          ? 'signs now. All tokens of the others are refused within five seconds.'
          : `signs from ${timeText(key.signsFrom, isUtc)} on.`;
        cli.terminal.result(key, [`The key ${key.kid} ${next}`]);
      }),
    );
}

function tokenKeysOf({ api }: Tidegate) {
  return itemsOf((query) =>
    answer(api.GET('/api/v1/platform/token-signing-keys', { params: { query } })),
  );
}

async function* accountsNamed({ api }: Tidegate, text: string) {
  const accounts = itemsOf((page) =>
    answer(api.GET('/api/v1/platform/users', { params: { query: { ...page, text } } })),
  );
  for await (const { id, username } of accounts) yield { id, name: username };
}
