import type { Command } from 'commander';
import { answer, type components, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { idOf, itemsOf, listOf } from '../pages.js';
import { readSecret } from '../session/ask.js';

type Stream = components['schemas']['AuditStream'];
type NewStream = components['schemas']['CreateAuditStream'];

const PATH = '/api/v1/audit-logs/streams/{id}';

interface Made {
  readonly format: string;
  readonly start: string;
  readonly category?: string[];
  readonly authorizationStdin?: boolean;
}

export function addAuditStreamCommands(program: Command, { act }: Actions): void {
  const streams = auditCommand(program)
    .command('streams')
    .description('Where the audit log is sent: webhooks of a SIEM, or of an auditor.');
  streams
    .command('list')
    .description('List them, with how far each has come.')
    .addHelpText('after', examples('tidegate audit streams list'))
    .action(act(list));
  streams
    .command('create')
    .description('Make one. The secret by which it is signed is shown only once.')
    .argument('<name>')
    .argument('<url>', 'where to post; it is shown again, so it must hold no secret')
    .option('--format <format>', 'ocsf, or tidegate: what an auditor can verify', 'ocsf')
    .option('--start <start>', 'now, or beginning: from the first entry of the log', 'now')
    .option('--category <category...>', 'only entries of these')
    .option('--authorization-stdin', 'read from standard input what is sent as Authorization')
    .addHelpText(
      'after',
      examples(
        'tidegate audit streams create siem https://siem.example.com/tidegate',
        'tidegate audit streams create auditor https://log.example.org/in --format tidegate --start beginning',
        'pass show siem | tidegate audit streams create siem https://siem.example.com/in --authorization-stdin',
      ),
    )
    .action(act(create));
  streams
    .command('show')
    .description('Show one: how far it has come, and what its receiver said last.')
    .argument('<stream>', 'name or id')
    .addHelpText('after', examples('tidegate audit streams show siem'))
    .action(act(show));
  addTurningCommands(streams, { act });
}

/** Others add commands to it, too. */
function auditCommand(program: Command): Command {
  const there = program.commands.find((command) => command.name() === 'audit');
  return there ?? program.command('audit').description('The audit log of the tenant.');
}

function addTurningCommands(streams: Command, { act }: Actions): void {
  for (const verb of ['pause', 'resume'] as const) {
    streams
      .command(verb)
      .description(
        verb === 'pause' ? 'Nothing goes out until it is resumed.' : 'Go on where it was.',
      )
      .argument('<stream>', 'name or id')
      .addHelpText('after', examples(`tidegate audit streams ${verb} siem`))
      .action(
        act(async (cli, nameOrId: string) => {
          const { client, params } = await found(cli, nameOrId);
          const stream = await answer(client.api.POST(`${PATH}/${verb}`, { params }));
          cli.terminal.result(stream, [printable(`"${stream.name}" is ${verb}d.`)]);
        }),
      );
  }
  streams
    .command('rotate')
    .description('Replace the secret that it signs with; the one before signs as well for a while.')
    .argument('<stream>', 'name or id')
    .option('--overlap-minutes <minutes>', 'for how long both sign', '1440')
    .addHelpText('after', examples('tidegate audit streams rotate siem --overlap-minutes 60'))
    .action(act(rotate));
  streams
    .command('remove')
    .description('Delete it. What it had yet to send is not sent.')
    .argument('<stream>', 'name or id')
    .addHelpText('after', examples('tidegate audit streams remove siem'))
    .action(
      act(async (cli, nameOrId: string) => {
        const { client, params } = await found(cli, nameOrId);
        await client.api.DELETE(PATH, { params });
        cli.terminal.result({ id: params.path.id, deleted: true }, ['It is deleted.']);
      }),
    );
}

async function list(cli: Cli): Promise<void> {
  const items = await listOf(streamsOf(await cli.connect()));
  const rows = items.map((stream) => [
    stream.name,
    stream.format,
    stateOf(stream),
    String(stream.lastDeliveredSequence ?? '-'),
    String(stream.behind),
    stream.url,
    stream.id,
  ]);
  const heads = ['NAME', 'FORMAT', 'STATE', 'DELIVERED', 'BEHIND', 'URL', 'ID'];
  cli.terminal.list({ items }, heads, rows);
}

async function create(cli: Cli, name: string, url: string, made: Made): Promise<void> {
  const { format, start, category, authorizationStdin } = made;
  // What is secret never stands in a command line: others on the machine can read those.
  const authorization = authorizationStdin ? await readSecret(cli.streams) : undefined;
  const { api } = await cli.connect();
  const body = { name, url, format, start, categories: category ?? null, authorization };
  // Which formats and categories there are is the server's to say.
  const stream = await answer(api.POST('/api/v1/audit-logs/streams', { body: body as NewStream }));
  cli.terminal.result(stream, [
    printable(`The stream "${stream.name}" goes to ${stream.url} from ${stream.position} on.`),
    `It signs with ${stream.signingSecret}, which is shown only once.`,
  ]);
}

async function show(cli: Cli, nameOrId: string): Promise<void> {
  const { client, params } = await found(cli, nameOrId);
  const stream = await answer(client.api.GET(PATH, { params }));
  cli.terminal.result(stream, linesOf(stream, cli.terminal.style.isUtc));
}

async function rotate(
  cli: Cli,
  nameOrId: string,
  { overlapMinutes }: { readonly overlapMinutes: string },
): Promise<void> {
  const body = { overlapMinutes: Number(overlapMinutes) };
  const { client, params } = await found(cli, nameOrId);
  const stream = await answer(client.api.POST(`${PATH}/rotate-secret`, { params, body }));
  cli.terminal.result(stream, [
    `It signs with ${stream.signingSecret} now, which is shown only once.`,
    ...linesOf(stream, cli.terminal.style.isUtc),
  ]);
}

function stateOf({ isPaused, failures, behind }: Stream): string {
  if (isPaused) return 'paused';
  if (failures > 0) return `failing (${failures})`;
  return behind > 0 ? 'behind' : 'caught up';
}

function linesOf(stream: Stream, isUtc: boolean): string[] {
  const { lastDeliveredSequence: last, lastDeliveredAt: at, nextTryAt, lastError } = stream;
  const until = stream.previousSecretUntil;
  return [
    `${stream.name} (${stream.format}, ${stateOf(stream)})`,
    `  to          ${stream.url}`,
    `  of          ${stream.categories?.join(', ') ?? 'all categories'}`,
    `  delivered   ${last === null ? 'nothing yet' : `up to ${last}`}${at === null ? '' : `, ${timeText(at, isUtc)}`}`,
    `  behind      ${stream.behind}`,
    ...(lastError === null ? [] : [`  last error  ${lastError}`]),
    ...(nextTryAt === null || lastError === null
      ? []
      : [`  next try    ${timeText(nextTryAt, isUtc)}`]),
    ...(until === null ? [] : [`  both secrets sign until ${timeText(until, isUtc)}`]),
  ].map(printable);
}

async function found(cli: Cli, nameOrId: string) {
  const client = await cli.connect();
  const id = await idOf('audit stream', nameOrId, streamsOf(client));
  return { client, params: { path: { id } } };
}

function streamsOf({ api }: Tidegate) {
  return itemsOf((page) =>
    answer(api.GET('/api/v1/audit-logs/streams', { params: { query: page } })),
  );
}
