import type { Command } from 'commander';
import { answer } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { exitCodes } from '../exit-codes.js';
import { whereOf } from './bindings.commands.js';

interface Where {
  readonly module?: string;
  readonly environment?: string;
}

export function addCanCommand(program: Command, { act }: Actions): void {
  program
    .command('can')
    .description('Ask whether you may do something, and by which rule. Fails if you may not.')
    .argument('<permission>', 'such as deployments:create')
    .option('--module <name>', 'for this module; else for any')
    .option('--environment <name>', 'in this environment; else in any')
    .addHelpText(
      'after',
      examples(
        'tidegate can deployments:create --module payments --environment Production',
        'tidegate can gates:override',
      ),
    )
    .action(
      act(async (cli, permission: string, { module, environment }: Where) => {
        const { api } = await cli.connect();
        const where = {
          ...(module === undefined ? {} : { module }),
          ...(environment === undefined ? {} : { environment }),
        };
        const query = { permission: permission as 'deployments:create', ...where };
        const may = await answer(api.GET('/api/v1/me/can', { params: { query } }));
        const { by, missing } = may;
        if (by) {
          cli.terminal.result(may, [printable(`Yes, by ${by.rule}${whereOf(by)}.`)]);
          return exitCodes.succeeded;
        }
        const roles = missing?.roles.join(', ') ?? '';
        cli.terminal.result(may, [printable(`No. Roles that have it: ${roles}.`)]);
        return exitCodes.rejected;
      }),
    );
}
