import type { Command } from 'commander';
import { answer, type paths, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { addRole, type GivenRole, roleHelp, roleText } from '../given-role.js';
import { idOf, itemsOf, listOf } from '../pages.js';

type Query = NonNullable<paths['/api/v1/users']['get']['parameters']['query']>;
type Filter = Pick<Query, 'text' | 'role'> & { readonly sort?: NonNullable<Query['sort']> };

export function addUserCommands(program: Command, { act }: Actions): void {
  const users = program.command('users').description('Members of the tenant, and who is invited.');
  users
    .command('list')
    .description('List the members, with the roles that are their own.')
    .option('--text <part>', 'only those with this in their username, name or address')
    .option('--role <name>', 'only those who hold it anywhere')
    .option('--sort <order>', 'createdAt, username, joinedAt; with a minus it falls')
    .addHelpText(
      'after',
      examples(
        'tidegate users list',
        'tidegate users list --text ada --json',
        'tidegate users list --role Admin --sort username',
      ),
    )
    .action(
      act(async (cli, filter: Filter) => {
        const items = await listOf(usersOf(await cli.connect(), filter));
        const rows = items.map((user) => [
          user.username,
          user.email ?? '',
          user.roles.map(roleText).join(' '),
          user.isDisabled ? 'disabled' : '',
        ]);
        cli.terminal.list({ items }, ['USERNAME', 'E-MAIL', 'ROLES', ''], rows);
      }),
    );
  users
    .command('show')
    .description('Show one member: roles, whoever gave them, and groups.')
    .argument('<user>', 'username or id')
    .addHelpText('after', examples('tidegate users show ada'))
    .action(
      act(async (cli, user: string) => {
        const client = await cli.connect();
        const path = { id: await userId(client, user) };
        const found = await answer(client.api.GET('/api/v1/users/{id}', { params: { path } }));
        const roles = found.roles.map((role) =>
          role.group === null ? roleText(role) : `${roleText(role)} by group ${role.group}`,
        );
        const lines = [
          `${found.username} ${found.email ?? ''}`,
          `  id      ${found.id}`,
          `  roles   ${roles.join(', ') || 'none'}`,
          `  groups  ${found.groups.map(({ name }) => name).join(', ') || 'none'}`,
        ];
        cli.terminal.result(found, lines.map(printable));
      }),
    );
  addMembershipCommands(users, { act });
  addInvitationCommands(users, { act });
}

function addMembershipCommands(users: Command, { act }: Actions): void {
  users
    .command('set-roles')
    .description('Replace the roles that people gave somebody. Ends their sessions here.')
    .argument('<user>', 'username or id')
    .option('--role <role>', roleHelp, addRole)
    .option('--none', 'take all of them')
    .addHelpText(
      'after',
      examples(
        'tidegate users set-roles ada --role Deployer',
        'tidegate users set-roles ada --role Viewer --role Operator:payments@Production',
      ),
    )
    .action(
      act(async (cli, user: string, options: { role?: GivenRole[]; none?: boolean }) => {
        const { role: roles = [], none } = options;
        if ((roles.length === 0) !== (none === true)) throw new CliError('Give --role or --none.');
        const client = await cli.connect();
        const params = { path: { id: await userId(client, user) } };
        const changed = await answer(
          client.api.PUT('/api/v1/users/{id}/roles', { params, body: { roles } }),
        );
        cli.terminal.result(changed, [
          printable(`${changed.username}: ${changed.roles.map(roleText).join(' ') || 'no roles'}`),
        ]);
      }),
    );
  users
    .command('remove')
    .description('Remove somebody from the tenant. Their account stays theirs.')
    .argument('<user>', 'username or id')
    .addHelpText('after', examples('tidegate users remove ada'))
    .action(
      act(async (cli, user: string) => {
        const client = await cli.connect();
        const id = await userId(client, user);
        await client.api.DELETE('/api/v1/users/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, removed: true }, [
          'Removed; their sessions here end within five seconds.',
        ]);
      }),
    );
}

function addInvitationCommands(users: Command, { act }: Actions): void {
  users
    .command('invite')
    .description('Invite somebody by e-mail: good once, for 72 hours.')
    .argument('<email>', 'the address it is bound to')
    .requiredOption('--role <role>', roleHelp, addRole)
    .addHelpText('after', examples('tidegate users invite ada@example.org --role Deployer'))
    .action(
      act(async (cli, email: string, { role: roles }: { role: GivenRole[] }) => {
        const { api } = await cli.connect();
        const made = await answer(
          api.POST('/api/v1/users/invitations', { body: { email, roles } }),
        );
        const lines =
          made.link === null
            ? [`The invitation is on its way to ${printable(made.email)}.`]
            : ['No mail is sent here. Hand over this link; it is not shown again:', made.link];
        cli.terminal.result(made, lines);
      }),
    );
  users
    .command('invitations')
    .description('List open invitations; with --revoke or --resend, deal with one.')
    .option('--revoke <id>', 'its link stops working')
    .option('--resend <id>', 'another link, for 72 hours more')
    .addHelpText(
      'after',
      examples(
        'tidegate users invitations',
        'tidegate users invitations --revoke 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10',
      ),
    )
    .action(
      act(async (cli, { revoke, resend }: { revoke?: string; resend?: string }) => {
        const client = await cli.connect();
        const { api } = client;
        if (revoke !== undefined) {
          const params = { path: { id: revoke } };
          await api.DELETE('/api/v1/users/invitations/{id}', { params });
          cli.terminal.result({ id: revoke, revoked: true }, ['Revoked.']);
          return;
        }
        if (resend !== undefined) {
          const params = { path: { id: resend } };
          const made = await answer(api.POST('/api/v1/users/invitations/{id}/resend', { params }));
          cli.terminal.result(made, [made.link ?? 'Sent again.']);
          return;
        }
        const items = await listOf(invitationsOf(client));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((each) => [
          each.id,
          each.email,
          each.roles.map(roleText).join(' '),
          each.invitedBy,
          timeText(each.expiresAt, isUtc),
        ]);
        const heads = ['ID', 'E-MAIL', 'ROLES', 'BY', 'UNTIL'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
}

function usersOf({ api }: Tidegate, filter: Filter) {
  return itemsOf((page) =>
    answer(api.GET('/api/v1/users', { params: { query: { ...page, ...filter } } })),
  );
}

function invitationsOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/users/invitations', { params: { query } })));
}

function userId(client: Tidegate, nameOrId: string): Promise<string> {
  return idOf('user', nameOrId, named(client, nameOrId));
}

async function* named(client: Tidegate, text: string) {
  for await (const { id, username } of usersOf(client, { text })) yield { id, name: username };
}
