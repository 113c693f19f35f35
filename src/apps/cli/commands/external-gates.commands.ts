import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';

interface GateOptions {
  readonly url: string;
  readonly deadline?: string;
}

const PATH = '/api/v1/external-gates/{id}';

export function addExternalGateCommands(program: Command, { act }: Actions): void {
  const gates = program
    .command('external-gates')
    .description('Systems outside that approval policies ask: change management.');
  gates
    .command('list')
    .description('List external gates.')
    .addHelpText('after', examples('tidegate external-gates list'))
    .action(act(list));
  gates
    .command('create')
    .description('Connect a system. Its secret is printed only once.')
    .argument('<name>', 'what policies and people call it')
    .requiredOption('--url <url>', 'where it is asked')
    .option('--deadline <minutes>', 'how long it has to answer; a day without it')
    .addHelpText(
      'after',
      examples(
        'tidegate external-gates create ServiceNow --url https://example.service-now.com/api/x_tidegate/gate --deadline 240',
      ),
    )
    .action(act(create));
  gates
    .command('rotate-secret')
    .description('Give it another secret, printed only once; the old one stops working at once.')
    .argument('<gate>', 'name or id')
    .addHelpText('after', examples('tidegate external-gates rotate-secret ServiceNow'))
    .action(act(rotate));
  gates
    .command('delete')
    .description('Remove it; no policy may ask it any more.')
    .argument('<gate>', 'name or id')
    .addHelpText('after', examples('tidegate external-gates delete ServiceNow'))
    .action(act(remove));
}

async function list(cli: Cli): Promise<void> {
  const items = await listOf(all(await cli.connect()));
  const rows = items.map((gate) => [
    gate.name,
    new URL(gate.url).host,
    `${gate.deadlineMinutes} min`,
    gate.id,
  ]);
  cli.terminal.list({ items }, ['NAME', 'HOST', 'DEADLINE', 'ID'], rows);
}

async function create(cli: Cli, name: string, { url, deadline }: GateOptions): Promise<void> {
  const { api } = await cli.connect();
  const more = deadline === undefined ? {} : { deadlineMinutes: minutesOf(deadline) };
  const made = await answer(
    api.POST('/api/v1/external-gates', { body: { name, url, ...more } as never }),
  );
  tellSecret(cli, made);
}

async function rotate(cli: Cli, nameOrId: string): Promise<void> {
  const { client, id } = await found(cli, nameOrId);
  const params = { path: { id } };
  tellSecret(cli, await answer(client.api.POST(`${PATH}/rotate-secret`, { params })));
}

interface WithSecret {
  readonly name: string;
  readonly callbackUrl: string;
  readonly secret: string;
}

function tellSecret(cli: Cli, made: WithSecret): void {
  cli.terminal.result(made, [
    printable(`The secret of "${made.name}", shown only once:`),
    made.secret,
    printable(`It answers at ${made.callbackUrl}`),
  ]);
}

async function remove(cli: Cli, nameOrId: string): Promise<void> {
  const { client, id } = await found(cli, nameOrId);
  await client.api.DELETE(PATH, { params: { path: { id } } });
  cli.terminal.result({ id, deleted: true }, ['It is deleted.']);
}

function minutesOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new CliError('--deadline is a whole number of minutes, like 240.');
}

async function found(cli: Cli, nameOrId: string) {
  const client = await cli.connect();
  return { client, id: await idOf('external gate', nameOrId, all(client)) };
}

function all({ api }: Tidegate) {
  return itemsOf((page) => answer(api.GET('/api/v1/external-gates', { params: { query: page } })));
}
