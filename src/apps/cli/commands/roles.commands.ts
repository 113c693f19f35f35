import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { addBindingCommands } from './bindings.commands.js';

interface Said {
  readonly permission: string[];
  readonly description?: string;
}

export function addRoleCommands(program: Command, { act }: Actions): void {
  const roles = program.command('roles').description('Sets of permissions, and who holds them.');
  roles
    .command('list')
    .description('List the built-in roles and those of the tenant.')
    .addHelpText('after', examples('tidegate roles list'))
    .action(
      act(async (cli) => {
        const items = await rolesOf(await cli.connect());
        const rows = items.map(({ name, isBuiltIn, permissions, description }) => [
          name,
          isBuiltIn ? 'built in' : 'own',
          String(permissions.length),
          description,
        ]);
        cli.terminal.list({ items }, ['NAME', 'SORT', 'PERMISSIONS', 'ABOUT'], rows);
      }),
    );
  roles
    .command('show')
    .description('Show what a role may do.')
    .argument('<role>', 'name or id')
    .addHelpText('after', examples('tidegate roles show Operator'))
    .action(
      act(async (cli, nameOrId: string) => {
        const role = await roleOf(await cli.connect(), nameOrId);
        cli.terminal.result(role, [printable(role.name), ...role.permissions.map((p) => `  ${p}`)]);
      }),
    );
  addWritingCommands(roles, { act });
  addBindingCommands(roles, { act });
}

function addWritingCommands(roles: Command, { act }: Actions): void {
  const said = (command: Command) =>
    command
      .requiredOption('--permission <name...>', 'what it may do; `tidegate roles show` lists some')
      .option('--description <text>', 'what it is for');
  said(roles.command('create'))
    .description('Make a role of the tenant’s own. It may hold no more than you do.')
    .argument('<name>')
    .addHelpText(
      'after',
      examples(
        'tidegate roles create release-manager --permission deployments:read deployments:promote',
      ),
    )
    .action(
      act(async (cli, name: string, { permission, description = '' }: Said) => {
        const { api } = await cli.connect();
        const body = { name, description, permissions: permission as never };
        const role = await answer(api.POST('/api/v1/roles', { body }));
        cli.terminal.result(role, [
          `The role "${printable(role.name)}" is there. Give it: roles bind.`,
        ]);
      }),
    );
  said(roles.command('set'))
    .description('Replace what a role may do. Whoever may do less by it signs in again.')
    .argument('<role>', 'name or id')
    .addHelpText(
      'after',
      examples('tidegate roles set release-manager --permission deployments:read'),
    )
    .action(
      act(async (cli, nameOrId: string, { permission, description }: Said) => {
        const client = await cli.connect();
        const path = { id: await ownIdOf(client, nameOrId) };
        const before = await answer(client.api.GET('/api/v1/roles/{id}', { params: { path } }));
        const role = await answer(
          client.api.PUT('/api/v1/roles/{id}', {
            params: { path },
            headers: { 'if-match': `"${before.version}"` },
            body: {
              name: before.name,
              description: description ?? before.description,
              permissions: permission as never,
            },
          }),
        );
        cli.terminal.result(role, [`The role "${printable(role.name)}" is changed.`]);
      }),
    );
  roles
    .command('delete')
    .description('Delete a role that nobody holds.')
    .argument('<role>', 'name or id')
    .addHelpText('after', examples('tidegate roles delete release-manager'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await ownIdOf(client, nameOrId);
        await client.api.DELETE('/api/v1/roles/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Deleted.']);
      }),
    );
}

async function rolesOf({ api }: Tidegate) {
  return (await answer(api.GET('/api/v1/roles'))).items;
}

async function roleOf(client: Tidegate, nameOrId: string) {
  const is = (text: string | null) => text?.toLowerCase() === nameOrId.toLowerCase();
  const role = (await rolesOf(client)).find(({ id, name }) => is(id) || is(name));
  if (role) return role;
  throw new CliError(`There is no role named "${nameOrId}".`, exitCodes.rejected);
}

async function ownIdOf(client: Tidegate, nameOrId: string): Promise<string> {
  const { id, name } = await roleOf(client, nameOrId);
  if (id !== null) return id;
  throw new CliError(`"${name}" is built in and cannot be changed.`, exitCodes.rejected);
}
