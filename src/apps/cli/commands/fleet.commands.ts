import type { Command } from 'commander';
import { answer, type components, type paths, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { choiceText } from '../display/deployment-view.js';
import { NODE_HEADS, nodeRow } from '../display/node-row.js';
import { printable } from '../display/printable.js';
import { durationMs, timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';

type NodeOut = components['schemas']['Node'];
type Query = NonNullable<paths['/api/v1/nodes']['get']['parameters']['query']>;

type Where = Pick<Query, 'environment' | 'cluster' | 'state' | 'label' | 'text'> & {
  readonly sort?: NonNullable<Query['sort']>;
};

export function addFleetCommands(program: Command, { act }: Actions): void {
  const nodes = program.command('nodes').description('Nodes that releases run on.');
  nodes
    .command('list')
    .description('List nodes with their state, what runs on them, and where that has drifted.')
    .option('--environment <name>')
    .option('--cluster <name>')
    .option('--state <states>', 'for example Lost, or several: Lost,Unhealthy')
    .option('--label <name=value>')
    .option('--text <part>', 'in the name')
    .option(
      '--sort <order>',
      'createdAt, name, cluster, state, lastReportAt; with a minus it falls',
    )
    .addHelpText(
      'after',
      examples(
        'tidegate nodes list',
        'tidegate nodes list --environment Production --state Lost,Unhealthy',
        'tidegate nodes list --label zone=a --sort name',
      ),
    )
    .action(
      act(async (cli, where: Where) => {
        const items = await listOf(nodesOf(await cli.connect(), where));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((node) => nodeRow(node, isUtc));
        const none = 'No nodes. Let one join: tidegate nodes token --help';
        cli.terminal.list({ items }, NODE_HEADS, rows, none);
      }),
    );
  nodes
    .command('token')
    .description('Make a token that lets one node join within 15 minutes. It is shown once.')
    .requiredOption('--environment <name>')
    .option('--cluster <name>', 'needed when the environment has several')
    .option('--name <node>', 'only a node of this name may use it')
    .addHelpText('after', examples('tidegate nodes token --environment Production --name node-7'))
    .action(
      act(async (cli, body: { environment: string; cluster?: string; name?: string }) => {
        const { environment, cluster, name } = body;
        const { api } = await cli.connect();
        const made = await answer(
          api.POST('/api/v1/nodes/enrollment-tokens', {
            body: { environment, ...(cluster ? { cluster } : {}), ...(name ? { name } : {}) },
          }),
        );
        cli.terminal.result(made, [made.token].map(printable));
        if (cli.terminal.options.isJson) return;
        const until = timeText(made.expiresAt, cli.terminal.style.isUtc);
        cli.terminal.note(
          printable(`For one node of ${made.environment}/${made.cluster}, until ${until}.`),
        );
      }),
    );
  addCordons(nodes, { act });
  addRevoke(nodes, { act });
  addDrain(nodes, { act });
  addEnvironments(program, { act });
}

function addCordons(nodes: Command, { act }: Actions): void {
  const words = {
    cordon: 'Leave a node out of rollouts; what runs on it goes on running.',
    uncordon: 'Let a node take part in rollouts again.',
  };
  for (const verb of ['cordon', 'uncordon'] as const) {
    nodes
      .command(verb)
      .description(words[verb])
      .argument('<node>', 'name or id')
      .addHelpText('after', examples(`tidegate nodes ${verb} node-7`))
      .action(
        act(async (cli, nameOrId: string) => {
          const client = await cli.connect();
          const id = await idOf('node', nameOrId, nodesOf(client, {}));
          const params = { path: { id } };
          const node = await answer(client.api.POST(`/api/v1/nodes/{id}/${verb}`, { params }));
          cli.terminal.result(node, [printable(`${node.name} is ${node.state} now.`)]);
        }),
      );
  }
}

interface DrainOptions {
  readonly reason?: string;
  readonly deadline?: string;
}

function addDrain(nodes: Command, { act }: Actions): void {
  nodes
    .command('drain')
    .description('Stop all that runs on a node; uncordon lets it run again what its cluster runs.')
    .argument('<node>', 'name or id')
    .option('--reason <words>', 'it stays in the audit log')
    .option('--deadline <duration>', 'overdue after, for example, 30m; 15m without')
    .addHelpText('after', examples('tidegate nodes drain node-7 --reason "a new disk"'))
    .action(
      act(async (cli, nameOrId: string, { reason, deadline }: DrainOptions) => {
        const client = await cli.connect();
        const id = await idOf('node', nameOrId, nodesOf(client, {}));
        const minutes = deadline === undefined ? 15 : Math.ceil(durationMs(deadline) / 60_000);
        const body = { deadlineMinutes: minutes, ...(reason === undefined ? {} : { reason }) };
        const node = await answer(
          client.api.POST('/api/v1/nodes/{id}/drain', { params: { path: { id } }, body }),
        );
        cli.terminal.result(node, drainLines(node, cli.terminal.style.isUtc).map(printable));
      }),
    );
}

function drainLines({ name, drain }: NodeOut, isUtc: boolean): string[] {
  if (drain === null) return [`${name} runs what it ran.`];
  const { state, left, deadlineAt } = drain;
  if (state === 'drained') return [`${name} is drained.`];
  return [
    `${name} is ${state}: ${left.join(', ')} until ${timeText(deadlineAt, isUtc)}.`,
    `How far it is: tidegate nodes list --text ${name}`,
  ];
}

function addRevoke(nodes: Command, { act }: Actions): void {
  nodes
    .command('revoke')
    .description('Refuse the key of a node from now on; what runs there is not stopped.')
    .argument('<node>', 'name or id')
    .addHelpText('after', examples('tidegate nodes revoke node-7'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await idOf('node', nameOrId, nodesOf(client, {}));
        await client.api.DELETE('/api/v1/nodes/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, revoked: true }, ['Revoked. Its name is free again.']);
      }),
    );
}

function addEnvironments(program: Command, { act }: Actions): void {
  program
    .command('environments')
    .description('Stages that releases are deployed to.')
    .command('list')
    .description('List environments with their rules.')
    .addHelpText('after', examples('tidegate environments list'))
    .action(
      act(async (cli) => {
        const { api } = await cli.connect();
        const { items } = await answer(api.GET('/api/v1/environments'));
        const heads = [
          'NAME',
          'STRATEGY',
          'ALLOWED',
          'SIGNATURES',
          'APPROVALS',
          'WHEN BUSY',
          'LABELS',
        ];
        const rows = items.map((item) => [
          item.name,
          choiceText(item.defaults.strategy),
          item.allowedStrategies.join(', '),
          item.signaturePolicy,
          item.hasApprovalPolicies ? 'by policy' : 'none',
          item.onConflict,
          labelsText(item.labels),
        ]);
        cli.terminal.list({ items }, heads, rows);
      }),
    );
}

/** By name: the database keeps them in an order of its own. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.sort().join(', ');
}

function nodesOf({ api }: Tidegate, where: Where) {
  return itemsOf((page) =>
    answer(api.GET('/api/v1/nodes', { params: { query: { ...page, ...where } } })),
  );
}
