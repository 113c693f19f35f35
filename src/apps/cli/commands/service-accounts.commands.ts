import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { type Actions, examples } from '../cli.js';
import { ACCESS_KEY_HEADS, accessKeyRow } from '../display/access-key-lines.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { keyOf, type KeyOptions, tellCreated, withKeyOptions } from './access-keys.commands.js';

export function addServiceAccountCommands(program: Command, { act }: Actions): void {
  const accounts = program
    .command('service-accounts')
    .description('Accounts for machines: they belong to the tenant and act by access keys.');
  accounts
    .command('list')
    .description('List service accounts, the disabled ones among them.')
    .addHelpText('after', examples('tidegate service-accounts list'))
    .action(
      act(async (cli) => {
        const items = await listOf(accountsOf(await cli.connect()));
        const { isUtc } = cli.terminal.style;
        const rows = items.map(({ id, name, description, disabledAt, createdAt }) => {
          const state = disabledAt === null ? 'enabled' : `disabled ${timeText(disabledAt, isUtc)}`;
          return [name, description, state, timeText(createdAt, isUtc), id];
        });
        cli.terminal.list({ items }, ['NAME', 'FOR', 'STATE', 'SINCE', 'ID'], rows);
      }),
    );
  accounts
    .command('create')
    .description('Create one. It may do nothing until a role is bound to it (roles bind).')
    .argument('<name>')
    .option('--description <words>', 'what it is for', '')
    .addHelpText(
      'after',
      examples(
        'tidegate service-accounts create nightly --description "deploys to QA every night"',
      ),
    )
    .action(
      act(async (cli, name: string, { description }: { description: string }) => {
        const { api } = await cli.connect();
        const body = { name, description };
        const made = await answer(api.POST('/api/v1/service-accounts', { body }));
        const words = `"${made.name}" is there (${made.id}). Give it a role: tidegate roles bind Deployer --service-account ${made.name}. Then make a key: tidegate service-accounts keys create ${made.name} --help`;
        cli.terminal.result(made, [printable(words)]);
      }),
    );
  accounts
    .command('rename')
    .description('Rename one. Its keys and roles stay.')
    .argument('<account>', 'name or id')
    .argument('<name>', 'the new one')
    .addHelpText('after', examples('tidegate service-accounts rename nightly weekly'))
    .action(
      act(async (cli, nameOrId: string, name: string) => {
        const client = await cli.connect();
        const params = { path: { id: await accountId(client, nameOrId) } };
        const one = await answer(client.api.GET('/api/v1/service-accounts/{id}', { params }));
        const headers = { 'if-match': `"${one.version}"` };
        const body = { name, description: one.description };
        const call = { params, headers, body };
        const renamed = await answer(client.api.PUT('/api/v1/service-accounts/{id}', call));
        cli.terminal.result(renamed, [printable(`It is called ${renamed.name} now.`)]);
      }),
    );
  addTurnCommands(accounts, { act });
  addAccountKeyCommands(accounts, { act });
}

function addTurnCommands(accounts: Command, { act }: Actions): void {
  for (const verb of ['disable', 'enable'] as const) {
    const does =
      verb === 'disable'
        ? 'Refuse its keys, until it is enabled again.'
        : 'Accept its keys again, those that have not ended.';
    accounts
      .command(verb)
      .description(does)
      .argument('<account>', 'name or id')
      .addHelpText('after', examples(`tidegate service-accounts ${verb} nightly`))
      .action(
        act(async (cli, nameOrId: string) => {
          const client = await cli.connect();
          const params = { path: { id: await accountId(client, nameOrId) } };
          const { api } = client;
          const one = await answer(
            verb === 'disable'
              ? api.POST('/api/v1/service-accounts/{id}/disable', { params })
              : api.POST('/api/v1/service-accounts/{id}/enable', { params }),
          );
          cli.terminal.result(one, [printable(`${one.name} is ${verb}d.`)]);
        }),
      );
  }
  accounts
    .command('delete')
    .description('Delete one, with its roles; its keys are revoked. There is no way back.')
    .argument('<account>', 'name or id')
    .addHelpText('after', examples('tidegate service-accounts delete nightly'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await accountId(client, nameOrId);
        await client.api.DELETE('/api/v1/service-accounts/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Deleted. Its keys are revoked.']);
      }),
    );
}

function addAccountKeyCommands(accounts: Command, { act }: Actions): void {
  const keys = accounts.command('keys').description('Its access keys.');
  keys
    .command('list')
    .description('List the keys of a service account; never the keys themselves.')
    .argument('<account>', 'name or id')
    .addHelpText('after', examples('tidegate service-accounts keys list nightly'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const path = { id: await accountId(client, nameOrId) };
        const read = (query: { limit: number; cursor?: string }) =>
          answer(
            client.api.GET('/api/v1/service-accounts/{id}/access-keys', {
              params: { path, query },
            }),
          );
        const items = await listOf(itemsOf(read));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((key) => accessKeyRow(key, isUtc));
        cli.terminal.list({ items }, ACCESS_KEY_HEADS, rows);
      }),
    );
  withKeyOptions(
    keys
      .command('create')
      .description('Make a key for a service account and show it once.')
      .argument('<account>', 'name or id'),
    'tidegate service-accounts keys create nightly runner --permissions deploy --environment QA',
  ).action(
    act(async (cli, nameOrId: string, name: string, options: KeyOptions) => {
      const client = await cli.connect();
      const path = { id: await accountId(client, nameOrId) };
      const call = { params: { path }, body: keyOf(name, options) };
      const route = '/api/v1/service-accounts/{id}/access-keys';
      tellCreated(cli, await answer(client.api.POST(route, call)));
    }),
  );
}

function accountId(client: Tidegate, nameOrId: string): Promise<string> {
  return idOf('service account', nameOrId, accountsOf(client));
}

function accountsOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/service-accounts', { params: { query } })));
}
