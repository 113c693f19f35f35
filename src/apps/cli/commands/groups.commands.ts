import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';

export function addGroupCommands(program: Command, { act }: Actions): void {
  const groups = program.command('groups').description('Members who hold roles together.');
  groups
    .command('list')
    .description('List the groups of the tenant.')
    .addHelpText('after', examples('tidegate groups list'))
    .action(
      act(async (cli) => {
        const items = await listOf(groupsOf(await cli.connect()));
        const rows = items.map(({ name, members, source, description }) => [
          name,
          String(members),
          source === 'scim' ? 'directory' : 'here',
          description,
        ]);
        cli.terminal.list({ items }, ['NAME', 'MEMBERS', 'KEPT BY', 'ABOUT'], rows);
      }),
    );
  groups
    .command('create')
    .description('Make a group, without members and without roles.')
    .argument('<name>')
    .option('--description <text>', 'what it is for')
    .addHelpText('after', examples('tidegate groups create payments'))
    .action(
      act(async (cli, name: string, { description = '' }: { readonly description?: string }) => {
        const { api } = await cli.connect();
        const body = { name, description };
        const group = await answer(api.POST('/api/v1/groups', { body }));
        cli.terminal.result(group, [`The group "${printable(group.name)}" is there.`]);
      }),
    );
  groups
    .command('delete')
    .description('Delete a group with the roles that it holds.')
    .argument('<group>', 'name or id')
    .addHelpText('after', examples('tidegate groups delete payments'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await groupIdOf(client, nameOrId);
        await client.api.DELETE('/api/v1/groups/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Deleted.']);
      }),
    );
  addMemberCommands(groups, { act });
}

function addMemberCommands(groups: Command, { act }: Actions): void {
  groups
    .command('members')
    .description('List who is in a group.')
    .argument('<group>', 'name or id')
    .addHelpText('after', examples('tidegate groups members payments'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const items = await listOf(membersOf(client, await groupIdOf(client, nameOrId)));
        const { isUtc } = cli.terminal.style;
        const rows = items.map(({ username, displayName, since, source }) => [
          username,
          displayName ?? '',
          timeText(since, isUtc),
          source,
        ]);
        cli.terminal.list({ items }, ['USERNAME', 'NAME', 'SINCE', 'BY'], rows);
      }),
    );
  groups
    .command('add')
    .description('Add somebody to a group: they hold its roles then.')
    .argument('<group>', 'name or id')
    .argument('<user>', 'username or e-mail address')
    .addHelpText('after', examples('tidegate groups add payments jane'))
    .action(
      act(async (cli, nameOrId: string, username: string) => {
        const client = await cli.connect();
        const id = await groupIdOf(client, nameOrId);
        const member = await answer(
          client.api.POST('/api/v1/groups/{id}/members', {
            params: { path: { id } },
            body: { username },
          }),
        );
        cli.terminal.result(member, [printable(`${member.username} is in the group.`)]);
      }),
    );
  groups
    .command('remove')
    .description('Take somebody out of a group. Their sessions end, if it holds a role.')
    .argument('<group>', 'name or id')
    .argument('<user>', 'username or id')
    .addHelpText('after', examples('tidegate groups remove payments jane'))
    .action(
      act(async (cli, nameOrId: string, user: string) => {
        const client = await cli.connect();
        const id = await groupIdOf(client, nameOrId);
        const userId = await memberIdOf(client, id, user);
        const path = { id, userId };
        await client.api.DELETE('/api/v1/groups/{id}/members/{userId}', { params: { path } });
        cli.terminal.result({ id, userId, removed: true }, ['Taken out.']);
      }),
    );
}

function groupsOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/groups', { params: { query } })));
}

function groupIdOf(client: Tidegate, nameOrId: string): Promise<string> {
  return idOf('group', nameOrId, groupsOf(client));
}

function membersOf({ api }: Tidegate, id: string) {
  const path = { id };
  return itemsOf((query) =>
    answer(api.GET('/api/v1/groups/{id}/members', { params: { path, query } })),
  );
}

async function memberIdOf(client: Tidegate, id: string, user: string): Promise<string> {
  const is = (text: string) => text.toLowerCase() === user.toLowerCase();
  const members = await listOf(membersOf(client, id));
  const member = members.find((each) => is(each.id) || is(each.username));
  if (member) return member.id;
  throw new CliError(`"${user}" is not in the group.`, exitCodes.rejected);
}
