import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { itemsOf, listOf } from '../pages.js';

type Erasure = components['schemas']['AuditErasure'];

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

/** A person who has left is erased from the audit log, by two others. */
export function addAuditEraseCommands(program: Command, { act }: Actions): void {
  const audit =
    program.commands.find((command) => command.name() === 'audit') ??
    program.command('audit').description('The audit log.');
  audit
    .command('erase-person')
    .description('Ask for somebody who has left to be erased; somebody else confirms it.')
    .argument('<person>', 'their id: `actor.id` of their entries')
    .requiredOption('--reason <text>', 'it stays in the log: name a ticket, never the person')
    .addHelpText(
      'after',
      examples(`tidegate audit erase-person ${ID} --reason "privacy request 4711"`),
    )
    .action(
      act(async (cli, personId: string, { reason }: { readonly reason: string }) => {
        const { api } = await cli.connect();
        const body = { personId, reason };
        const erasure = await answer(api.POST('/api/v1/audit-logs/erasures', { body }));
        show(cli, erasure);
      }),
    );
  addErasures(audit, { act });
}

function addErasures(audit: Command, { act }: Actions): void {
  const erasures = audit
    .command('erasures')
    .description('Persons to be erased from the audit log.');
  erasures
    .command('list')
    .description('List requests, newest first.')
    .addHelpText('after', examples('tidegate audit erasures list'))
    .action(act((cli) => list(cli)));
  const one = (name: 'show' | 'confirm' | 'withdraw', description: string) =>
    erasures
      .command(name)
      .description(description)
      .argument('<erasure>', 'its id')
      .addHelpText('after', examples(`tidegate audit erasures ${name} ${ID}`));
  one('show', 'Show how far it has come, and what it could not reach.').action(
    act(async (cli, id: string) => {
      const { api } = await cli.connect();
      const params = { path: { id } };
      show(cli, await answer(api.GET('/api/v1/audit-logs/erasures/{id}', { params })));
    }),
  );
  one('confirm', 'Confirm what somebody else has asked for; it cannot be undone.').action(
    act(async (cli, id: string) => {
      const { api } = await cli.connect();
      const params = { path: { id } };
      show(cli, await answer(api.POST('/api/v1/audit-logs/erasures/{id}/confirm', { params })));
    }),
  );
  one('withdraw', 'Withdraw a request that nobody has confirmed.').action(
    act(async (cli, id: string) => {
      const { api } = await cli.connect();
      const params = { path: { id } };
      show(cli, await answer(api.POST('/api/v1/audit-logs/erasures/{id}/withdraw', { params })));
    }),
  );
}

async function list(cli: Cli): Promise<void> {
  const { api } = await cli.connect();
  const items = await listOf(
    itemsOf((page) => answer(api.GET('/api/v1/audit-logs/erasures', { params: { query: page } }))),
  );
  const { isUtc } = cli.terminal.style;
  const rows = items.map((erasure) => [
    erasure.id,
    erasure.personId,
    erasure.status,
    timeText(erasure.requestedAt, isUtc),
    erasure.reason,
  ]);
  cli.terminal.list({ items }, ['ERASURE', 'PERSON', 'STATUS', 'SINCE', 'WHY'], rows);
}

function show(cli: Cli, erasure: Erasure): void {
  const { isUtc } = cli.terminal.style;
  cli.terminal.result(erasure, linesOf(erasure, isUtc).map(printable));
}

function linesOf(erasure: Erasure, isUtc: boolean): string[] {
  const { id, personId, status, pseudonym } = erasure;
  switch (status) {
    case 'requested':
      return [
        `${personId} is to be erased: ${erasure.reason}`,
        `Somebody else confirms it until ${timeText(erasure.expiresAt, isUtc)}:`,
        `  tidegate audit erasures confirm ${id}`,
      ];
    case 'confirmed':
      return [`${personId} is being erased, and is called ${pseudonym} from here on.`];
    case 'done':
      return [
        `${personId} is erased, and called ${pseudonym}: ${erasure.valuesErased} values in ${erasure.entriesChanged} entries.`,
        ...outOfReachOf(erasure),
      ];
    default:
      return [`The request for ${personId} is ${status}.`];
  }
}

function outOfReachOf({ outOfReach, mentions, keptElsewhere }: Erasure): string[] {
  const places = Object.entries(outOfReach).map(([place, count]) => `${place} (${count})`);
  return [
    ...(places.length > 0 ? [`Out of reach: ${places.join(', ')}.`] : []),
    ...(mentions > 0 ? [`${mentions} entries may name them in free text.`] : []),
    `No audit log, and not looked at: ${keptElsewhere.join(', ')}.`,
  ];
}
