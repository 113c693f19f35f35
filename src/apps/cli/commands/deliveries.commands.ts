import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';

type State = components['schemas']['Delivery']['state'];

interface ListOptions {
  readonly channel?: string;
  readonly state?: State;
  readonly event?: string;
  readonly limit: string;
}

const PATH = '/api/v1/deliveries/{id}';

export function addDeliveryCommands(program: Command, { act }: Actions): void {
  const deliveries = program
    .command('deliveries')
    .description('Messages, sent and waiting, and what receivers answered.');
  deliveries
    .command('list')
    .description('List deliveries, newest first.')
    .option('--channel <channel>', 'name or id')
    .option('--state <state>', 'waiting, delivered or dead')
    .option('--event <name>', 'of events with this name')
    .option('--limit <count>', 'how many at most', '50')
    .addHelpText(
      'after',
      examples(
        'tidegate deliveries list --state dead',
        'tidegate deliveries list --channel hook --event deployment-failed',
      ),
    )
    .action(act(list));
  deliveries
    .command('show')
    .description('Show one with its text and what the receiver said to each attempt.')
    .argument('<id>')
    .addHelpText('after', examples('tidegate deliveries show 019a7f3e-c000-7aaa-8bbb-0123456789ab'))
    .action(act(show));
  deliveries
    .command('redeliver')
    .description('Send one again: a dead letter, or one that was delivered. It keeps its id.')
    .argument('<id>')
    .addHelpText(
      'after',
      examples('tidegate deliveries redeliver 019a7f3e-c000-7aaa-8bbb-0123456789ab'),
    )
    .action(
      act(async (cli, id: string) => {
        const { api } = await cli.connect();
        const params = { path: { id } };
        const delivery = await answer(api.POST(`${PATH}/redeliver`, { params }));
        cli.terminal.result(delivery, ['It is on its way again.']);
      }),
    );
}

async function list(cli: Cli, { channel, state, event, limit }: ListOptions): Promise<void> {
  const client = await cli.connect();
  const filter = {
    ...(channel === undefined ? {} : { channelId: await channelIdOf(client, channel) }),
    ...(state === undefined ? {} : { state }),
    ...(event === undefined ? {} : { event }),
  };
  const read = (page: { limit: number; cursor?: string }) =>
    answer(client.api.GET('/api/v1/deliveries', { params: { query: { ...filter, ...page } } }));
  const items = await listOf(itemsOf(read, Number(limit)));
  const { isUtc } = cli.terminal.style;
  const rows = items.map((each) => [
    timeText(each.createdAt, isUtc),
    each.channelName ?? '(deleted)',
    each.event,
    each.state,
    String(each.attempts),
    each.reason ?? '',
    each.id,
  ]);
  const heads = ['SINCE', 'CHANNEL', 'EVENT', 'STATE', 'ATTEMPTS', 'WHY', 'ID'];
  cli.terminal.list({ items }, heads, rows);
}

async function show(cli: Cli, id: string): Promise<void> {
  const { api } = await cli.connect();
  const delivery = await answer(api.GET(PATH, { params: { path: { id } } }));
  const { isUtc } = cli.terminal.style;
  const { title, event, state, reason, channelName, lastAttempts } = delivery;
  const lines = [
    `${title} (${event})`,
    `  channel  ${channelName ?? 'deleted'}`,
    `  state    ${state}${reason === null ? '' : `: ${reason}`}`,
    ...lastAttempts.map(
      (each) =>
        `  attempt ${each.number} at ${timeText(each.at, isUtc)}: ${each.outcome}${each.status === null ? '' : ` (${each.status})`} after ${each.durationMs} ms${each.answer === '' ? '' : `: ${each.answer}`}`,
    ),
  ];
  cli.terminal.result(delivery, lines.map(printable));
}

function channelIdOf({ api }: Tidegate, nameOrId: string): Promise<string> {
  const all = itemsOf((page) => answer(api.GET('/api/v1/channels', { params: { query: page } })));
  return idOf('channel', nameOrId, all);
}
