import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { readSecret } from '../session/ask.js';

type Channel = components['schemas']['Channel'];
type NewChannel = components['schemas']['CreateChannel'];
type ChangedChannel = components['schemas']['ReplaceChannel'];

const PATH = '/api/v1/channels/{id}';

interface Where {
  readonly url?: string;
  readonly to?: string[];
  /** The address of a chat, or what a webhook asks for as `Authorization`. */
  readonly secretStdin?: boolean;
  readonly name?: string;
}

export function addChannelCommands(program: Command, { act }: Actions): void {
  const channels = program
    .command('channels')
    .description('Where people and programs are told: log, e-mail, webhook, chats.');
  channels
    .command('list')
    .description('List channels, the disabled ones among them.')
    .addHelpText('after', examples('tidegate channels list'))
    .action(act(list));
  withPlace(
    channels
      .command('create')
      .description('Make a channel. The secret by which a webhook is signed is shown only once.')
      .argument('<name>')
      .argument('<kind>', 'console, email, webhook, slack or teams'),
  )
    .addHelpText(
      'after',
      examples(
        'tidegate channels create hook webhook --url https://hooks.example.com/tidegate',
        'tidegate channels create on-call email --to on-call@example.com',
        'pass show slack-url | tidegate channels create chat slack --secret-stdin',
      ),
    )
    .action(act(create));
  channels
    .command('show')
    .description('Show one: where it leads, as far as that is no secret, and whether it is on.')
    .argument('<channel>', 'name or id')
    .addHelpText('after', examples('tidegate channels show hook'))
    .action(act(show));
  withPlace(
    channels
      .command('update')
      .description('Give it another name or place. Secrets stay, unless it leads elsewhere.')
      .argument('<channel>', 'name or id')
      .option('--name <name>', 'the new one'),
  )
    .addHelpText(
      'after',
      examples('tidegate channels update hook --url https://hooks.example.com/v2'),
    )
    .action(act(update));
  channels
    .command('test')
    .description('Send a message now, and say what the receiver answered.')
    .argument('<channel>', 'name or id')
    .addHelpText('after', examples('tidegate channels test hook'))
    .action(act(test));
  addEndingCommands(channels, { act });
}

function withPlace(command: Command): Command {
  return command
    .option('--url <url>', 'of a webhook: where to post')
    .option('--to <address...>', 'of e-mail: who gets each message')
    .option(
      '--secret-stdin',
      'read what is secret from standard input: the address of a chat, the Authorization of a webhook',
    );
}

function addEndingCommands(channels: Command, { act }: Actions): void {
  for (const verb of ['disable', 'enable'] as const) {
    channels
      .command(verb)
      .description(verb === 'disable' ? 'Nothing is sent any more.' : 'Send what waits, and go on.')
      .argument('<channel>', 'name or id')
      .addHelpText('after', examples(`tidegate channels ${verb} hook`))
      .action(
        act(async (cli, nameOrId: string) => {
          const { client, params } = await found(cli, nameOrId);
          const channel = await answer(client.api.POST(`${PATH}/${verb}`, { params }));
          cli.terminal.result(channel, [printable(`"${channel.name}" is ${verb}d.`)]);
        }),
      );
  }
  channels
    .command('rotate-secret')
    .description('Replace the secret that it signs with; the one before signs as well for a while.')
    .argument('<channel>', 'name or id')
    .option('--overlap-minutes <minutes>', 'for how long both sign', '1440')
    .addHelpText('after', examples('tidegate channels rotate-secret hook --overlap-minutes 60'))
    .action(act(rotate));
  channels
    .command('delete')
    .description('Delete it. What waits there is dropped.')
    .argument('<channel>', 'name or id')
    .addHelpText('after', examples('tidegate channels delete hook'))
    .action(
      act(async (cli, nameOrId: string) => {
        const { client, params } = await found(cli, nameOrId);
        await client.api.DELETE(PATH, { params });
        cli.terminal.result({ id: params.path.id, deleted: true }, ['It is deleted.']);
      }),
    );
}

async function list(cli: Cli): Promise<void> {
  const items = await listOf(channelsOf(await cli.connect()));
  const rows = items.map(({ name, kind, place, isEnabled, disabledWhy, id }) => [
    name,
    kind,
    place ?? '-',
    isEnabled ? 'on' : `off (${disabledWhy})`,
    id,
  ]);
  cli.terminal.list({ items }, ['NAME', 'KIND', 'PLACE', 'STATE', 'ID'], rows);
}

async function create(cli: Cli, name: string, kind: string, where: Where): Promise<void> {
  const secrets = await secretsOf(cli, kind, where);
  const { api } = await cli.connect();
  // Which kinds there are, and what each needs, is the server's to say.
  const body = { name, kind, params: paramsOf(where), secrets } as unknown as NewChannel;
  const made = await answer(api.POST('/api/v1/channels', { body }));
  const secret = made.signingSecret;
  cli.terminal.result(made, [
    printable(`The channel "${made.name}" is there. Try it: tidegate channels test ${made.name}`),
    ...(secret === null ? [] : [`It signs with ${secret}, which is shown only once.`]),
  ]);
}

async function show(cli: Cli, nameOrId: string): Promise<void> {
  const { client, params } = await found(cli, nameOrId);
  const channel = await answer(client.api.GET(PATH, { params }));
  cli.terminal.result(channel, linesOf(channel, cli.terminal.style.isUtc));
}

function linesOf(channel: Channel, isUtc: boolean): string[] {
  const { name, kind, place, isEnabled, disabledWhy, previousSecretUntil: until } = channel;
  return [
    `${name} (${kind}, ${isEnabled ? 'enabled' : `disabled: ${disabledWhy}`})`,
    `  place   ${place ?? 'the log of the installation'}`,
    ...(channel.isSigned ? ['  signed  yes'] : []),
    ...(until === null ? [] : [`  both secrets sign until ${timeText(until, isUtc)}`]),
  ].map(printable);
}

async function update(cli: Cli, nameOrId: string, where: Where): Promise<void> {
  const { client, params } = await found(cli, nameOrId);
  const now = await answer(client.api.GET(PATH, { params }));
  const { kind, name } = now;
  const body = {
    kind,
    name: where.name ?? name,
    params: { ...now.params, ...paramsOf(where) },
    ...(where.secretStdin ? { secrets: await secretsOf(cli, kind, where) } : {}),
  } as unknown as ChangedChannel;
  const headers = { 'if-match': `"${now.version}"` };
  const channel = await answer(client.api.PUT(PATH, { params, headers, body }));
  cli.terminal.result(channel, linesOf(channel, cli.terminal.style.isUtc));
}

async function test(cli: Cli, nameOrId: string): Promise<number> {
  const { client, params } = await found(cli, nameOrId);
  const tested = await answer(client.api.POST(`${PATH}/test`, { params }));
  const { outcome, status, reason, durationMs } = tested;
  const said = [status === null ? [] : [`HTTP ${status}`], reason === null ? [] : [reason]].flat();
  const lines = [
    `${outcome === 'taken' ? 'Taken' : `Not taken (${outcome})`} after ${durationMs} ms${said.map((each) => `, ${each}`).join('')}.`,
    ...(tested.answer === '' ? [] : [tested.answer]),
  ];
  cli.terminal.result(tested, lines.map(printable));
  return outcome === 'taken' ? exitCodes.succeeded : exitCodes.rejected;
}

async function rotate(
  cli: Cli,
  nameOrId: string,
  { overlapMinutes }: { readonly overlapMinutes: string },
): Promise<void> {
  const body = { overlapMinutes: Number(overlapMinutes) };
  const { client, params } = await found(cli, nameOrId);
  const channel = await answer(client.api.POST(`${PATH}/rotate-secret`, { params, body }));
  cli.terminal.result(channel, [
    `It signs with ${channel.signingSecret} now, which is shown only once.`,
    ...linesOf(channel, cli.terminal.style.isUtc),
  ]);
}

function paramsOf({ url, to }: Where): object {
  return { ...(url === undefined ? {} : { url }), ...(to === undefined ? {} : { to }) };
}

/** What is secret never stands in a command line: others on the machine can read those. */
async function secretsOf(cli: Cli, kind: string, { url, secretStdin }: Where): Promise<object> {
  const isChat = kind === 'slack' || kind === 'teams';
  if (isChat && (url !== undefined || !secretStdin)) {
    throw new CliError(
      'The address of a chat is a secret: hand it over by --secret-stdin.',
      exitCodes.usage,
    );
  }
  if (!secretStdin) return {};
  const secret = await readSecret(cli.streams);
  return isChat ? { url: secret } : { authorization: secret };
}

async function found(cli: Cli, nameOrId: string) {
  const client = await cli.connect();
  const id = await idOf('channel', nameOrId, channelsOf(client));
  return { client, params: { path: { id } } };
}

function channelsOf({ api }: Tidegate) {
  return itemsOf((page) => answer(api.GET('/api/v1/channels', { params: { query: page } })));
}
