import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';
import { itemsOf, listOf } from '../pages.js';

interface Given {
  readonly user?: string;
  readonly group?: string;
  readonly serviceAccount?: string;
  readonly module?: string[];
  readonly environment?: string[];
}

/** `roles bind`, `unbind`, `bindings`: who holds which role, and where. */
export function addBindingCommands(roles: Command, { act }: Actions): void {
  roles
    .command('bind')
    .description('Give a role: everywhere, or for some modules and environments only.')
    .argument('<role>', 'its name')
    .option('--user <name>', 'to a person: username or e-mail address')
    .option('--group <name>', 'to a group')
    .option('--service-account <name>', 'to a service account')
    .option('--module <name...>', 'only for these modules')
    .option('--environment <name...>', 'only in these environments')
    .addHelpText(
      'after',
      examples(
        'tidegate roles bind Deployer --group payments --module payment-processor',
        'tidegate roles bind Operator --user jane --environment Production',
      ),
    )
    .action(
      act(async (cli, role: string, given: Given) => {
        const { module: modules = null, environment: environments = null } = given;
        const body = { role, subject: subjectOf(given), modules, environments };
        const { api } = await cli.connect();
        const binding = await answer(api.POST('/api/v1/role-bindings', { body }));
        const { subject } = binding;
        cli.terminal.result(binding, [
          printable(
            `${subject.kind} ${subject.name} holds ${binding.role}${whereOf(binding)} now.`,
          ),
          `Take it away: tidegate roles unbind ${binding.id}`,
        ]);
      }),
    );
  roles
    .command('unbind')
    .description('Take a role away. The sessions of those who held it end.')
    .argument('<binding>', 'the id that roles bindings shows')
    .addHelpText('after', examples('tidegate roles unbind 019a7f3e-8000-7aaa-8bbb-0123456789ab'))
    .action(
      act(async (cli, id: string) => {
        const { api } = await cli.connect();
        await api.DELETE('/api/v1/role-bindings/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, unbound: true }, ['Taken away.']);
      }),
    );
  roles
    .command('bindings')
    .description('List who holds which role, and where.')
    .option('--role <name>', 'only this role')
    .addHelpText('after', examples('tidegate roles bindings --role Admin'))
    .action(
      act(async (cli, { role }: { readonly role?: string }) => {
        const items = await listOf(bindingsOf(await cli.connect(), role));
        const rows = items.map((binding) => [
          binding.role,
          binding.subject.kind,
          binding.subject.name,
          binding.modules?.join(', ') ?? 'all',
          binding.environments?.join(', ') ?? 'all',
          binding.id,
        ]);
        const heads = ['ROLE', 'KIND', 'NAME', 'MODULES', 'ENVIRONMENTS', 'ID'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
}

function subjectOf({ user, group, serviceAccount }: Given) {
  const subjects = [
    { kind: 'user' as const, name: user },
    { kind: 'group' as const, name: group },
    { kind: 'service-account' as const, name: serviceAccount },
  ].filter(({ name }) => name !== undefined);
  const [only] = subjects;
  if (only && subjects.length === 1) return { kind: only.kind, name: only.name! };
  throw new CliError('Name one of --user, --group and --service-account.');
}

function bindingsOf({ api }: Tidegate, role: string | undefined) {
  const filter = role === undefined ? {} : { role };
  return itemsOf((page) =>
    answer(api.GET('/api/v1/role-bindings', { params: { query: { ...page, ...filter } } })),
  );
}

export function whereOf({
  modules,
  environments,
}: {
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
}): string {
  const forModules = modules ? ` for ${modules.join(', ')}` : '';
  return `${forModules}${environments ? ` in ${environments.join(', ')}` : ''}`;
}
