import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';

type EventName = NonNullable<Awaited<ReturnType<typeof templatesOf>>>[number]['event'];

interface CreateOptions {
  readonly event: readonly string[];
  readonly module?: readonly string[];
  readonly environment?: readonly string[];
  readonly group?: string;
  readonly tenant?: boolean;
  readonly channelId?: string;
}

/** Who hears of what. */
export function addSubscriptionCommands(program: Command, { act }: Actions): void {
  const subscriptions = program
    .command('subscriptions')
    .description('Who hears of what: you, a group, or the tenant in a channel.');
  subscriptions
    .command('list')
    .description('List your own, and those that you may manage.')
    .addHelpText('after', examples('tidegate subscriptions list'))
    .action(
      act(async (cli) => {
        const items = await listOf(subscriptionsOf(await cli.connect()));
        const rows = items.map((each) => [
          each.id,
          each.owner === 'tenant' ? 'the tenant' : (each.ownerName ?? each.owner),
          each.events.join(' '),
          whereOf(each),
          each.channelName ?? (each.channelId === null ? 'own e-mail' : each.channelId),
        ]);
        const heads = ['ID', 'WHO', 'HEARS OF', 'WHERE', 'BY'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  subscriptions
    .command('create')
    .description('Subscribe yourself, or a group or the tenant with a channel.')
    .requiredOption('--event <names...>', 'events, or kinds such as approvals, deployments, alarms')
    .option('--module <names...>', 'only of these modules')
    .option('--environment <names...>', 'only in these environments')
    .option('--group <group>', 'for a group, by name or id: what its roles may read')
    .option('--tenant', 'for the tenant: everything')
    .option('--channel-id <id>', 'where to; without it, to your own e-mail address')
    .addHelpText(
      'after',
      examples(
        'tidegate subscriptions create --event approvals',
        'tidegate subscriptions create --group payments --event deployments --environment Production --channel-id 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10',
      ),
    )
    .action(
      act(async (cli, options: CreateOptions) => {
        const client = await cli.connect();
        const body = await bodyOf(client, options);
        const made = await answer(client.api.POST('/api/v1/subscriptions', { body }));
        cli.terminal.result(made, [`Subscribed: ${made.id}.`]);
      }),
    );
  subscriptions
    .command('delete')
    .description('End a subscription. What is on its way already arrives.')
    .argument('<id>')
    .addHelpText(
      'after',
      examples('tidegate subscriptions delete 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10'),
    )
    .action(
      act(async (cli, id: string) => {
        const { api } = await cli.connect();
        await api.DELETE('/api/v1/subscriptions/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Ended.']);
      }),
    );
  addPreview(subscriptions, { act });
}

function addPreview(subscriptions: Command, { act }: Actions): void {
  subscriptions
    .command('preview')
    .description('Show what is said of an event; without one, list what can be subscribed to.')
    .argument('[event]')
    .addHelpText('after', examples('tidegate subscriptions preview approval-requested'))
    .action(
      act(async (cli, event: EventName | undefined) => {
        const client = await cli.connect();
        if (event === undefined) {
          const items = await templatesOf(client);
          const rows = items.map((each) => [each.event, each.kinds.join(' '), each.title]);
          cli.terminal.list({ items }, ['EVENT', 'KINDS', 'FOR EXAMPLE'], rows);
          return;
        }
        const path = { event };
        const preview = await answer(
          client.api.GET('/api/v1/notification-templates/{event}/preview', { params: { path } }),
        );
        const lines = [`Subject: ${preview.title}`, '', ...preview.text.trimEnd().split('\n')];
        cli.terminal.result(preview, lines.map(printable));
      }),
    );
}

async function bodyOf(client: Tidegate, options: CreateOptions) {
  const { event, module, environment, group, tenant = false, channelId } = options;
  if (tenant && group !== undefined) {
    throw new CliError('It is of a group or of the tenant: leave out --group or --tenant.');
  }
  const rules = {
    events: [...event] as never[],
    modules: module === undefined ? null : [...module],
    environments: environment === undefined ? null : [...environment],
    channelId: channelId ?? null,
  };
  if (tenant) return { owner: 'tenant' as const, ...rules };
  if (group === undefined) return { owner: 'user' as const, ...rules };
  const groups = itemsOf((query) =>
    answer(client.api.GET('/api/v1/groups', { params: { query } })),
  );
  return { owner: 'group' as const, groupId: await idOf('group', group, groups), ...rules };
}

function subscriptionsOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/subscriptions', { params: { query } })));
}

async function templatesOf({ api }: Tidegate) {
  return (await answer(api.GET('/api/v1/notification-templates'))).items;
}

/** `orders in Production`; empty: everywhere. */
function whereOf({
  modules,
  environments,
}: {
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
}): string {
  const what = modules?.join(',') ?? '';
  return environments === null ? what : `${what} in ${environments.join(',')}`.trim();
}
