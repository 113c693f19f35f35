import type { Command } from 'commander';
import { answer, type paths, type Tidegate } from '#sdk';
import { CliError } from '../exit-codes.js';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { addClusterMetrics } from './metrics.commands.js';

type Query = NonNullable<paths['/api/v1/clusters']['get']['parameters']['query']>;

type Where = Pick<Query, 'environment'>;
type ListWhere = Where & Pick<Query, 'text'> & { readonly sort?: NonNullable<Query['sort']> };

export function addClusterCommands(program: Command, { act }: Actions): void {
  const clusters = program.command('clusters').description('Sets of nodes, and their rules.');
  clusters
    .command('list')
    .description('List clusters with their rules.')
    .option('--environment <name>')
    .option('--text <part>', 'in the name')
    .option('--sort <order>', 'createdAt, name, environment; with a minus it falls')
    .addHelpText('after', examples('tidegate clusters list --environment Production --sort name'))
    .action(
      act(async (cli, where: ListWhere) => {
        const items = await listOf(clustersOf(await cli.connect(), where));
        const heads = ['NAME', 'ENVIRONMENT', 'NODES', 'AT LEAST', 'IN FLIGHT', 'TRUSTED PROXIES'];
        const rows = items.map((item) => [
          item.name,
          item.environment,
          String(item.nodes),
          String(item.minAvailable),
          String(item.maxInFlight ?? 'any'),
          item.trustedProxies.join(', ') || 'none',
        ]);
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  clusters
    .command('trust')
    .description('Say which proxies in front of the nodes are trusted, in place of those before.')
    .argument('<cluster>', 'name or id')
    .argument('[networks...]', 'addresses or networks of the proxies')
    .option('--none', 'trust nobody')
    .option('--environment <name>', 'when several have a cluster of this name')
    .addHelpText(
      'after',
      examples('tidegate clusters trust eu-1 10.0.0.0/8', 'tidegate clusters trust eu-1 --none'),
    )
    .action(
      act(async (cli, nameOrId: string, networks: string[], options: Where & { none?: true }) => {
        if (options.none === (networks.length > 0 || undefined)) {
          throw new CliError('Name the proxies, or give --none.');
        }
        const client = await cli.connect();
        const { environment } = options;
        const id = await idOf('cluster', nameOrId, clustersOf(client, { environment }));
        const path = { id };
        const { minAvailable, maxInFlight, version } = await answer(
          client.api.GET('/api/v1/clusters/{id}', { params: { path } }),
        );
        const changed = await answer(
          client.api.PUT('/api/v1/clusters/{id}', {
            params: { path },
            headers: { 'if-match': `"${version}"` },
            body: { minAvailable, maxInFlight, trustedProxies: networks },
          }),
        );
        const trusted = changed.trustedProxies.join(', ') || 'nobody';
        cli.terminal.result(changed, [printable(`${changed.name} trusts ${trusted} now.`)]);
      }),
    );
  addClusterMetrics(clusters, { act });
}

function clustersOf({ api }: Tidegate, where: ListWhere) {
  return itemsOf((page) =>
    answer(api.GET('/api/v1/clusters', { params: { query: { ...page, ...where } } })),
  );
}
