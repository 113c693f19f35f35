import type { Command } from 'commander';
import { answer } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { timeText } from '../display/times.js';
import { itemsOf, listOf } from '../pages.js';

/** Where machines may not deploy since a person rolled back. */
export function addHoldCommands(program: Command, { act }: Actions): void {
  const holds = program
    .command('holds')
    .description('Where machines may not deploy since a person rolled back.');
  holds
    .command('list')
    .description('List holds, newest first.')
    .option('--released', 'those that are over')
    .addHelpText('after', examples('tidegate holds list', 'tidegate holds list --released'))
    .action(
      act(async (cli, { released }: { readonly released?: boolean }) => {
        const { api } = await cli.connect();
        const state = released ? 'released' : 'open';
        const items = await listOf(
          itemsOf((page) =>
            answer(api.GET('/api/v1/holds', { params: { query: { ...page, state } } })),
          ),
        );
        const { isUtc } = cli.terminal.style;
        const rows = items.map((hold) => [
          hold.id,
          hold.module,
          `${hold.environment}/${hold.cluster}`,
          hold.placedBy,
          timeText(hold.placedAt, isUtc),
          hold.reason ?? '',
        ]);
        cli.terminal.list({ items }, ['HOLD', 'MODULE', 'WHERE', 'BY', 'SINCE', 'WHY'], rows);
      }),
    );
  holds
    .command('release')
    .description('Let machines deploy there again.')
    .argument('<hold>', 'its id')
    .requiredOption('--reason <text>', 'it stays in the audit log')
    .addHelpText(
      'after',
      examples(
        'tidegate holds release 0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10 --reason "mended in 2.1.1"',
      ),
    )
    .action(
      act(async (cli, id: string, { reason }: { readonly reason: string }) => {
        const { api } = await cli.connect();
        const call = { params: { path: { id } }, body: { reason } };
        await api.DELETE('/api/v1/holds/{id}', call);
        cli.terminal.result({ id, released: true }, ['Released.']);
      }),
    );
}
