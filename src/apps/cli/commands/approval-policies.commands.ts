import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { type Actions, type Cli, examples } from '../cli.js';
import { printable } from '../display/printable.js';
import { durationText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { type RuleOptions, ruleOptions, rulesFrom } from './approval-policy-rules.js';

type Policy = components['schemas']['ApprovalPolicy'];

const PATH = '/api/v1/approval-policies/{id}';

export function addApprovalPolicyCommands(program: Command, { act }: Actions): void {
  const policies = program
    .command('approval-policies')
    .description('Who must agree where, before a deployment starts.');
  policies
    .command('list')
    .description('List approval policies. Each that matches a deployment must be met on its own.')
    .option('--environment <name>', 'those that may count there')
    .addHelpText('after', examples('tidegate approval-policies list --environment Production'))
    .action(act(list));
  policies
    .command('show')
    .description('Show an approval policy.')
    .argument('<policy>', 'name or id')
    .addHelpText('after', examples('tidegate approval-policies show "two of the release board"'))
    .action(act(async (cli, nameOrId: string) => tell(cli, (await found(cli, nameOrId)).policy)));
  ruleOptions(policies.command('create'))
    .description('Make one. It counts for what is asked for from then on.')
    .argument('<name>')
    .addHelpText(
      'after',
      examples(
        'tidegate approval-policies create "one other admin" --environment Production --role Admin',
        'tidegate approval-policies create "two of the board" --environment Production --group board --group operations --quorum 2 --distinct-group board --distinct-group operations --bar requester --bar release-author',
        'tidegate approval-policies create "gold needs a reason" --everywhere --label tier=gold --role Admin --reason',
      ),
    )
    .action(act(create));
  ruleOptions(policies.command('update'))
    .description('Change one: what is not named stays. Decisions given under it are void.')
    .argument('<policy>', 'name or id')
    .option('--name <name>', 'a new name')
    .addHelpText(
      'after',
      examples('tidegate approval-policies update "one other admin" --quorum 2'),
    )
    .action(act(update));
  policies
    .command('delete')
    .description('Delete one. What waits under it is asked for again, without it.')
    .argument('<policy>', 'name or id')
    .addHelpText('after', examples('tidegate approval-policies delete "one other admin"'))
    .action(
      act(async (cli, nameOrId: string) => {
        const { client, policy } = await found(cli, nameOrId);
        const { id } = policy;
        await client.api.DELETE(PATH, { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Deleted.']);
      }),
    );
}

async function list(cli: Cli, { environment }: { readonly environment?: string }): Promise<void> {
  const items = await listOf(policiesOf(await cli.connect(), environment));
  const rows = items.map((policy) => [
    policy.name,
    policy.environment ?? 'all',
    narrowingText(policy) || 'everything',
    whoText(policy),
    String(policy.quorum),
    policy.bars.join(', ') || 'nobody',
  ]);
  const heads = ['NAME', 'ENVIRONMENT', 'FOR', 'WHO', 'QUORUM', 'BARRED'];
  cli.terminal.list({ items }, heads, rows);
}

async function create(cli: Cli, name: string, options: RuleOptions): Promise<void> {
  const { environment, ...rules } = rulesFrom(options);
  if (environment === undefined) {
    throw new CliError('Say where it counts: --environment NAME, or --everywhere.');
  }
  const { api } = await cli.connect();
  const body = { ...rules, name, environment };
  const policy = await answer(api.POST('/api/v1/approval-policies', { body }));
  cli.terminal.result(policy, [printable(`The policy "${policy.name}" counts from now on.`)]);
}

type Change = RuleOptions & { readonly name?: string };

async function update(cli: Cli, nameOrId: string, { name, ...options }: Change): Promise<void> {
  const { client, policy } = await found(cli, nameOrId);
  const { id, named: _named, createdAt: _createdAt, version, ...rules } = policy;
  const body = { ...rules, ...rulesFrom(options), ...(name === undefined ? {} : { name }) };
  const params = { path: { id } };
  const headers = { 'if-match': `"${version}"` };
  tell(cli, await answer(client.api.PUT(PATH, { params, headers, body })));
}

function tell(cli: Cli, policy: Policy): void {
  const { distinctGroups: distinct, decisionValidMs } = policy;
  const lines = [
    policy.name,
    ...(policy.description ? [`  ${policy.description}`] : []),
    `  where    ${policy.environment ?? 'every environment'}`,
    `  for      ${narrowingText(policy) || 'everything'}`,
    `  who      ${whoText(policy)}`,
    `  quorum   ${policy.quorum}`,
    ...(distinct
      ? [`  groups   ${distinct.count} of ${distinct.groups.map(namesIn(policy)).join(', ')}`]
      : []),
    `  barred   ${policy.bars.join(', ') || 'nobody'}`,
    `  timeout  ${durationText(policy.timeoutMs)}`,
    ...(decisionValidMs === null ? [] : [`  valid    ${durationText(decisionValidMs)}`]),
    ...(policy.reasonRequired ? ['  a reason is required'] : []),
    ...(policy.passkeyRequired ? ['  a passkey is required'] : []),
  ];
  cli.terminal.result(policy, lines.map(printable));
}

function narrowingText({ modules, labels, strategies }: Policy): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [...(modules ?? []), ...pairs, ...(strategies ?? [])].join(', ');
}

function whoText(policy: Policy): string {
  const { approvers, external } = policy;
  if (external) return `external gate ${external.gateId}`;
  const ids = [...approvers.groups, ...approvers.users].map(namesIn(policy));
  return [...approvers.roles, ...ids].join(', ') || 'nobody';
}

const namesIn =
  ({ named }: Policy) =>
  (id: string): string =>
    named.find((each) => each.id === id)?.name ?? `${id} (gone)`;

async function found(cli: Cli, nameOrId: string) {
  const client = await cli.connect();
  const id = await idOf('approval policy', nameOrId, namesOf(client));
  const policy = await answer(client.api.GET(PATH, { params: { path: { id } } }));
  return { client, policy };
}

async function* namesOf(client: Tidegate) {
  for await (const { id, name } of policiesOf(client)) yield { id, name };
}

function policiesOf({ api }: Tidegate, environment?: string) {
  const filter = environment === undefined ? {} : { environment };
  return itemsOf((query) =>
    answer(api.GET('/api/v1/approval-policies', { params: { query: { ...query, ...filter } } })),
  );
}
