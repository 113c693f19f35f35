import type { Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { type Actions, type Cli, examples } from '../cli.js';
import { printable } from '../display/printable.js';
import { durationMs, timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { followTask, taskText, type Tenant, tenantOf } from '../tenant-task.js';
import { quotaOf } from './tiers.commands.js';

const WAIT = '5m';

interface Wait {
  readonly wait: boolean;
  readonly timeout: string;
}

/** Tenants of the whole installation: for its admins, signed in with --tenant platform. */
export function addTenantCommands(program: Command, actions: Actions): void {
  const tenants = program
    .command('tenants')
    .description('Tenants of the installation: for its admins, signed in with --tenant platform.');
  addReads(tenants, actions);
  addMaking(tenants, actions);
  addLife(tenants, actions);
  addSecrets(tenants, actions);
}

function addReads(tenants: Command, { act }: Actions): void {
  tenants
    .command('list')
    .description('List tenants, newest first, purged ones among them.')
    .option('--status <status>', 'provisioning, active, suspended, deleting or deleted')
    .option('--tier <tier>', 'those of a tier')
    .option('--text <words>', 'a part of slug or name')
    .addHelpText('after', examples('tidegate tenants list --status suspended'))
    .action(
      act(async (cli, filter: { status?: Tenant['status']; tier?: string; text?: string }) => {
        const items = await listOf(tenantsOf(await cli.connect(), filter));
        const { isUtc } = cli.terminal.style;
        const rows = items.map(({ slug, name, status, tier, createdAt, id }) => {
          return [slug, printable(name), status, tier, timeText(createdAt, isUtc), id];
        });
        const heads = ['SLUG', 'NAME', 'STATUS', 'TIER', 'SINCE', 'ID'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  tenants
    .command('get')
    .description('Show a tenant, and what is being done to it.')
    .argument('<tenant>', 'slug or id')
    .addHelpText('after', examples('tidegate tenants get acme'))
    .action(
      act(async (cli, slugOrId: string) => {
        const client = await cli.connect();
        tell(cli, await tenantOf(client, await tenantId(client, slugOrId)));
      }),
    );
}

function addMaking(tenants: Command, { act }: Actions): void {
  withWait(
    tenants
      .command('create')
      .description('Make a tenant, and wait until it is provisioned. Its slug never changes.')
      .argument('<slug>')
      .argument('[name]', 'the name for people; the slug by default')
      .option('--tier <tier>', 'see: tidegate tiers list')
      .option('--quota <key=number>', 'in place of the tier’s; "none" is no limit', quotaOf, {}),
    'tidegate tenants create acme "Acme Ltd" --tier starter --quota nodes=50',
  ).action(
    act(async (cli, slug: string, name: string | undefined, options: CreateOptions) => {
      const client = await cli.connect();
      const { tier, quota: quotaOverrides } = options;
      const body = { slug, name: name ?? slug, quotaOverrides, ...(tier ? { tier } : {}) };
      const made = await answer(client.api.POST('/api/v1/tenants', { body }));
      return finish(cli, client, made, options);
    }),
  );
  withWait(
    tenants
      .command('provision')
      .description('Provision a tenant once more, after it has failed.')
      .argument('<tenant>', 'slug or id'),
    'tidegate tenants provision acme',
  ).action(
    act(async (cli, slugOrId: string, options: Wait) => {
      const client = await cli.connect();
      const params = { path: { id: await tenantId(client, slugOrId) } };
      const begun = await answer(client.api.POST('/api/v1/tenants/{id}/provision', { params }));
      return finish(cli, client, begun, options);
    }),
  );
  tenants
    .command('rename')
    .description('Give a tenant another name. Its slug stays.')
    .argument('<tenant>', 'slug or id')
    .argument('<name>', 'the new one')
    .addHelpText('after', examples('tidegate tenants rename acme "Acme Holding"'))
    .action(
      act(async (cli, slugOrId: string, name: string) => {
        const client = await cli.connect();
        const { params, headers } = await seen(client, slugOrId);
        const call = { params, headers, body: { name } };
        tell(cli, await answer(client.api.PUT('/api/v1/tenants/{id}', call)));
      }),
    );
  tenants
    .command('subscribe')
    .description('Give a tenant a tier, and what it gets in place of the tier’s quotas.')
    .argument('<tenant>', 'slug or id')
    .argument('<tier>')
    .option('--quota <key=number>', 'in place of the tier’s; "none" is no limit', quotaOf, {})
    .addHelpText(
      'after',
      examples('tidegate tenants subscribe acme professional --quota nodes=500'),
    )
    .action(
      act(async (cli, slugOrId: string, tier: string, { quota }: Pick<CreateOptions, 'quota'>) => {
        const client = await cli.connect();
        const { params, headers } = await seen(client, slugOrId);
        const call = { params, headers, body: { tier, quotaOverrides: quota } };
        tell(cli, await answer(client.api.PUT('/api/v1/tenants/{id}/subscription', call)));
      }),
    );
}

interface CreateOptions extends Wait {
  readonly tier?: string;
  readonly quota: Record<string, number | null>;
}

function addLife(tenants: Command, { act }: Actions): void {
  tenants
    .command('suspend')
    .description('Make a tenant read-only until it is activated. Running rollouts finish.')
    .argument('<tenant>', 'slug or id')
    .requiredOption('--reason <words>', 'why; it is in the tenant’s audit log')
    .addHelpText('after', examples('tidegate tenants suspend acme --reason "unpaid since March"'))
    .action(
      act(async (cli, slugOrId: string, { reason }: { reason: string }) => {
        const client = await cli.connect();
        const params = { path: { id: await tenantId(client, slugOrId) } };
        const call = { params, body: { reason } };
        tell(cli, await answer(client.api.POST('/api/v1/tenants/{id}/suspend', call)));
      }),
    );
  const simple = {
    activate: 'Let a suspended tenant be changed again.',
    restore: 'Bring a deleted tenant back, as long as its time is not over.',
  };
  for (const verb of ['activate', 'restore'] as const) {
    tenants
      .command(verb)
      .description(simple[verb])
      .argument('<tenant>', 'slug or id')
      .addHelpText('after', examples(`tidegate tenants ${verb} acme`))
      .action(
        act(async (cli, slugOrId: string) => {
          const client = await cli.connect();
          const params = { path: { id: await tenantId(client, slugOrId) } };
          const { api } = client;
          const after = await answer(
            verb === 'activate'
              ? api.POST('/api/v1/tenants/{id}/activate', { params })
              : api.POST('/api/v1/tenants/{id}/restore', { params }),
          );
          tell(cli, after);
        }),
      );
  }
  tenants
    .command('delete')
    .description('Let nobody in any more. It can be restored for a time, and is then purged.')
    .argument('<tenant>', 'slug or id')
    .addHelpText('after', examples('tidegate tenants delete acme'))
    .action(
      act(async (cli, slugOrId: string) => {
        const client = await cli.connect();
        const params = { path: { id: await tenantId(client, slugOrId) } };
        tell(cli, await answer(client.api.DELETE('/api/v1/tenants/{id}', { params })));
      }),
    );
}

function addSecrets(tenants: Command, { act }: Actions): void {
  const does = {
    show: 'Show what its applications sign in with. Shown only once.',
    rotate: 'Make a new password and show it once.',
  };
  for (const verb of ['show', 'rotate'] as const) {
    tenants
      .command(`${verb}-credentials`)
      .description(does[verb])
      .argument('<tenant>', 'slug or id')
      .argument('<server>', 'postgres or redis')
      .addHelpText('after', examples(`tidegate tenants ${verb}-credentials acme postgres`))
      .action(
        act(async (cli, slugOrId: string, kind: 'postgres' | 'redis') => {
          const client = await cli.connect();
          const params = { path: { id: await tenantId(client, slugOrId), kind } };
          const { api } = client;
          const secret = await answer(
            verb === 'show'
              ? api.POST('/api/v1/tenants/{id}/resources/{kind}/show', { params })
              : api.POST('/api/v1/tenants/{id}/resources/{kind}/rotate', { params }),
          );
          const lines = Object.entries(secret).map(([name, value]) => `${name}: ${value}`);
          cli.terminal.result(secret, lines.map(printable));
        }),
      );
  }
}

function withWait(command: Command, example: string): Command {
  return command
    .option('--no-wait', 'do not wait for its provisioning')
    .option('--timeout <duration>', 'how long to wait; its provisioning goes on after that', WAIT)
    .addHelpText('after', examples(example));
}

async function finish(cli: Cli, client: Tidegate, begun: Tenant, { wait, timeout }: Wait) {
  if (!wait) return tell(cli, begun);
  const { tenant, code } = await followTask(cli, client, begun.id, durationMs(timeout));
  tell(cli, tenant);
  return code;
}

function tell(cli: Cli, tenant: Tenant): void {
  const { isUtc } = cli.terminal.style;
  const time = (text: string | null) => (text === null ? null : timeText(text, isUtc));
  const facts: Record<string, string | null> = {
    slug: tenant.slug,
    name: tenant.name,
    id: tenant.id,
    status: tenant.status,
    tier: tenant.tier,
    suspended: tenant.suspendedReason,
    'restorable until': time(tenant.restorableUntil),
    task: tenant.task === null ? null : taskText(tenant),
  };
  const lines = Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [printable(`${name}: ${value}`)],
  );
  cli.terminal.result(tenant, lines);
}

/** What a change of it is said with. */
async function seen(client: Tidegate, slugOrId: string) {
  const id = await tenantId(client, slugOrId);
  const { version } = await tenantOf(client, id);
  return { params: { path: { id } }, headers: { 'if-match': `"${version}"` } };
}

function tenantId(client: Tidegate, slugOrId: string): Promise<string> {
  return idOf('tenant', slugOrId, named(client, slugOrId));
}

/** By its slug, which nobody else has. */
async function* named(client: Tidegate, slug: string) {
  for await (const one of tenantsOf(client, { text: slug })) yield { id: one.id, name: one.slug };
}

type Filter = { status?: Tenant['status']; tier?: string; text?: string };

function tenantsOf({ api }: Tidegate, filter: Filter) {
  return itemsOf((page) => {
    const { status, tier, text } = filter;
    const query = {
      ...page,
      ...(status ? { status } : {}),
      ...(tier ? { tier } : {}),
      ...(text ? { text } : {}),
    };
    return answer(api.GET('/api/v1/tenants', { params: { query } }));
  });
}
