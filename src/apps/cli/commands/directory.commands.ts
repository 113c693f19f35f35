import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { type Actions, type Cli, examples } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { collect } from '../parameters.js';

type Token = components['schemas']['DirectoryToken'];
type CreatedToken = components['schemas']['CreatedDirectoryToken'];
type User = components['schemas']['DirectoryUser'];

/** The directory (Entra ID, Okta) that keeps people and groups of the tenant. */
export function addDirectoryCommands(program: Command, actions: Actions): void {
  const directory = program
    .command('directory')
    .description('The directory that keeps people and groups of the tenant over SCIM.');
  const tokens = directory
    .command('tokens')
    .description('What the directory shows: one at a time.');
  addTokenReads(tokens, actions);
  addTokenChanges(tokens, actions);
  addUserCommands(
    directory.command('users').description('Whom the directory has told of.'),
    actions,
  );
}

function addTokenReads(tokens: Command, { act }: Actions): void {
  tokens
    .command('list')
    .description(
      'List directory tokens with their ends and last uses; never the tokens themselves.',
    )
    .addHelpText('after', examples('tidegate directory tokens list'))
    .action(
      act(async (cli) => {
        const items = await listOf(tokensOf(await cli.connect()));
        const { isUtc } = cli.terminal.style;
        const heads = ['NAME', 'TOKEN', 'STATE', 'UNTIL', 'LAST USED', 'ID'];
        const rows = items.map((token) => [
          token.name,
          `${token.prefix}…`,
          token.state,
          timeText(token.expiresAt, isUtc),
          usedText(token, isUtc),
          token.id,
        ]);
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  tokens
    .command('create')
    .description('Connect a directory: make its token and show it once.')
    .argument('<name>', 'of the directory: audit entries show it')
    .option('--domain <domain>', 'invitations go there only; may be repeated', collect, [])
    .option('--network <network>', 'good from here only; may be repeated', collect, [])
    .option('--days <number>', 'until it ends: 1 to 365 (180)')
    .addHelpText(
      'after',
      examples('tidegate directory tokens create "Entra ID" --domain example.org --days 365'),
    )
    .action(
      act(async (cli, name: string, options: TokenOptions) => {
        const { domain, network, days } = options;
        const body = {
          name,
          emailDomains: [...domain],
          allowedNetworks: [...network],
          ...(days === undefined ? {} : { expiresInDays: wholeNumber(days, '--days', 365) }),
        };
        const { api } = await cli.connect();
        tellCreated(cli, await answer(api.POST('/api/v1/directory-tokens', { body })));
      }),
    );
}

interface TokenOptions {
  readonly domain: readonly string[];
  readonly network: readonly string[];
  readonly days?: string;
}

function addTokenChanges(tokens: Command, { act }: Actions): void {
  tokens
    .command('rotate')
    .description('Make a token that takes the place of another, and show it once.')
    .argument('<token>', 'name or id')
    .option('--overlap <hours>', 'how long the old one stays good, at most 168; 0: none', '24')
    .addHelpText('after', examples('tidegate directory tokens rotate "Entra ID" --overlap 2'))
    .action(
      act(async (cli, nameOrId: string, { overlap }: { overlap: string }) => {
        const overlapSeconds = wholeNumber(overlap, '--overlap', 168) * 3_600;
        const client = await cli.connect();
        const path = { id: await idOf('directory token', nameOrId, goodTokensOf(client)) };
        const call = { params: { path }, body: { overlapSeconds } };
        tellCreated(
          cli,
          await answer(client.api.POST('/api/v1/directory-tokens/{id}/rotate', call)),
        );
      }),
    );
  tokens
    .command('revoke')
    .description('Refuse a token everywhere, within five seconds. There is no way back.')
    .argument('<token>', 'name or id')
    .addHelpText('after', examples('tidegate directory tokens revoke "Entra ID"'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await idOf('directory token', nameOrId, goodTokensOf(client));
        await client.api.DELETE('/api/v1/directory-tokens/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, revoked: true }, [
          'Revoked. People and groups stay as the directory has left them.',
        ]);
      }),
    );
}

function addUserCommands(users: Command, { act }: Actions): void {
  users
    .command('list')
    .description('List whom the directory has provisioned, and who has come.')
    .option('--state <state>', 'waiting, member or inactive')
    .addHelpText('after', examples('tidegate directory users list --state waiting'))
    .action(
      act(async (cli, { state }: { state?: string }) => {
        const items = await listOf(usersOf(await cli.connect(), state));
        const heads = ['USER', 'STATE', 'INVITED', 'GROUPS', 'ID'];
        const rows = items.map((user) => [
          user.userName,
          user.state,
          invitedText(user, cli.terminal.style.isUtc),
          user.groups.join(', '),
          user.id,
        ]);
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  users
    .command('invite')
    .description('Invite somebody again; without mail the link is shown once.')
    .argument('<user>', 'the name in the directory, or the id')
    .addHelpText('after', examples('tidegate directory users invite ada@example.org'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const path = { id: await idOf('user of the directory', nameOrId, namedUsersOf(client)) };
        const call = client.api.POST('/api/v1/directory-users/{id}/invite', { params: { path } });
        const invited = await answer(call);
        const lines =
          invited.link === null
            ? ['The invitation is on its way.']
            : ['No mail is sent here. Hand over this link; it is not shown again:', invited.link];
        cli.terminal.result(invited, lines);
      }),
    );
}

/** The one time that a token is shown, with what to do with it. */
function tellCreated(cli: Cli, token: CreatedToken): void {
  const { isUtc } = cli.terminal.style;
  cli.terminal.result(token, [
    token.secret,
    ...[
      `This is "${token.name}", good until ${timeText(token.expiresAt, isUtc)}. It is shown only once:`,
      `give it to your directory as its secret token, with ${token.url} as the tenant URL.`,
      `Seen by others: tidegate directory tokens revoke ${token.id}`,
    ].map(printable),
  ]);
}

function usedText({ lastUsedAt, lastUsedNetwork }: Token, isUtc: boolean): string {
  if (lastUsedAt === null) return 'never';
  return `${timeText(lastUsedAt, isUtc)} from ${lastUsedNetwork ?? ''}`;
}

function invitedText({ invitedAt, isInvitationOpen, state }: User, isUtc: boolean): string {
  if (invitedAt === null) return 'no';
  const isOver = state === 'waiting' && !isInvitationOpen;
  return `${timeText(invitedAt, isUtc)}${isOver ? ', over' : ''}`;
}

function wholeNumber(text: string, option: string, most: number): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= most) return Number(text);
  throw new CliError(`${option} is a whole number, at most ${most}.`);
}

function tokensOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/directory-tokens', { params: { query } })));
}

/** Of those that have ended nobody means one. */
async function* goodTokensOf(client: Tidegate) {
  for await (const token of tokensOf(client)) if (token.state === 'good') yield token;
}

function usersOf({ api }: Tidegate, state?: string) {
  const filter = state === undefined ? {} : { state: state as User['state'] };
  return itemsOf((page) =>
    answer(api.GET('/api/v1/directory-users', { params: { query: { ...page, ...filter } } })),
  );
}

async function* namedUsersOf(client: Tidegate) {
  for await (const { id, userName: name } of usersOf(client)) yield { id, name };
}
