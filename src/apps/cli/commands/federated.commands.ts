import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli, type Outcome } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { identitiesOf, identityId, identityLines } from '../federated-identity.js';
import { listOf } from '../pages.js';
import { addFederatedSet } from './federated-set.command.js';
import { addFederatedCreate } from './federated-create.command.js';

type Explanation = components['schemas']['FederatedTokenExplanation'];

const TOKEN_BYTES = 16_384;

/** Which pipelines are let in by tokens of their own issuer. */
export function addFederatedCommands(program: Command, actions: Actions): void {
  const federated = program
    .command('federated')
    .description('Pipelines that are let in by a token of their own CI, without a secret.');
  addReads(federated, actions);
  addFederatedCreate(federated, actions);
  addFederatedSet(federated, actions);
  addTest(federated, actions);
  addTurns(federated, actions);
}

function addReads(federated: Command, { act }: Actions): void {
  federated
    .command('list')
    .description('List federated identities, newest first.')
    .addHelpText('after', examples('tidegate federated list', 'tidegate federated list --json'))
    .action(
      act(async (cli) => {
        const items = await listOf(identitiesOf(await cli.connect()));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((item) => [
          item.name,
          item.issuerKind,
          item.audience,
          item.modules?.join(', ') ?? 'all',
          item.environments?.join(', ') ?? 'all',
          item.disabledAt === null ? 'enabled' : 'disabled',
          item.lastUsedAt === null ? 'never' : timeText(item.lastUsedAt, isUtc),
        ]);
        const heads = ['NAME', 'ISSUER', 'AUDIENCE', 'MODULES', 'ENVIRONMENTS', 'STATE', 'USED'];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  federated
    .command('show')
    .description('Show a federated identity with its rules and what it grants.')
    .argument('<identity>', 'name or id')
    .addHelpText('after', examples('tidegate federated show shop-release'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const path = { id: await identityId(client, nameOrId) };
        const identity = await answer(
          client.api.GET('/api/v1/federated-identities/{id}', { params: { path } }),
        );
        cli.terminal.result(identity, identityLines(identity));
      }),
    );
}

function addTest(federated: Command, { act }: Actions): void {
  federated
    .command('test')
    .description('Explain what an exchange would make of a token. The token is not used up.')
    .argument('<identity>', 'name or id')
    .requiredOption('--token-file <file>', 'the OIDC token of a job; - reads standard input')
    .addHelpText(
      'after',
      examples(
        'tidegate federated test shop-release --token-file token.jwt',
        'printf %s "$TOKEN" | tidegate federated test shop-release --token-file -',
      ) + '\nExit codes: 0 it would be let in, 2 it would not\n',
    )
    .action(
      act(async (cli, nameOrId: string, { tokenFile }: { tokenFile: string }) => {
        const token = await readToken(cli, tokenFile);
        const client = await cli.connect();
        const path = { id: await identityId(client, nameOrId) };
        const explanation = await answer(
          client.api.POST('/api/v1/federated-identities/{id}/test', {
            params: { path },
            body: { token },
          }),
        );
        return tellExplanation(cli, explanation);
      }),
    );
}

function addTurns(federated: Command, { act }: Actions): void {
  for (const [verb, description, done] of [
    ['disable', 'Shut its pipelines out within five seconds.', 'Its pipelines are shut out.'],
    ['enable', 'Let its pipelines in again.', 'Its pipelines are let in again.'],
  ] as const) {
    federated
      .command(verb)
      .description(description)
      .argument('<identity>', 'name or id')
      .addHelpText('after', examples(`tidegate federated ${verb} shop-release`))
      .action(
        act(async (cli, nameOrId: string) => {
          const client = await cli.connect();
          const params = { path: { id: await identityId(client, nameOrId) } };
          const identity = await answer(
            client.api.POST(`/api/v1/federated-identities/{id}/${verb}`, { params }),
          );
          cli.terminal.result(identity, [done]);
        }),
      );
  }
  federated
    .command('delete')
    .description('Shut its pipelines out for good.')
    .argument('<identity>', 'name or id')
    .addHelpText('after', examples('tidegate federated delete shop-release'))
    .action(
      act(async (cli, nameOrId: string) => {
        const client = await cli.connect();
        const id = await identityId(client, nameOrId);
        await client.api.DELETE('/api/v1/federated-identities/{id}', { params: { path: { id } } });
        cli.terminal.result({ id, deleted: true }, ['Deleted. Deployments it began go on.']);
      }),
    );
}

function tellExplanation({ terminal }: Cli, explanation: Explanation): Outcome {
  const { isAccepted, checks, rules } = explanation;
  const mark = (is: boolean) => (is ? 'ok ' : 'NO ');
  terminal.result(
    explanation,
    [
      isAccepted ? 'It would be let in.' : 'It would not be let in.',
      ...checks.map(({ check, isPassed, detail }) => `  ${mark(isPassed)} ${check}: ${detail}`),
      ...rules.flatMap(({ rule, isMet, clauses }) => [
        `  ${mark(isMet)} rule ${rule}`,
        ...clauses.map((clause) => {
          const wanted = clause.expected.join(' or ') + (clause.isByDefault ? ' (by default)' : '');
          const got = clause.received === null ? 'no such claim' : String(clause.received);
          return `    ${mark(clause.isMet)} ${clause.claim}: expected ${wanted}, received ${got}`;
        }),
      ]),
    ].map(printable),
  );
  return isAccepted ? exitCodes.succeeded : exitCodes.rejected;
}

async function readToken({ streams }: Cli, file: string): Promise<string> {
  let text = '';
  if (file === '-') {
    for await (const chunk of streams.stdin as AsyncIterable<Buffer | string>) {
      text += String(chunk);
      if (text.length > TOKEN_BYTES) throw new CliError('That is longer than any token.');
    }
  } else {
    text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CliError(`${file} cannot be read (${error.code}).`);
    });
  }
  const token = text.trim();
  if (token !== '' && token.length <= TOKEN_BYTES) return token;
  throw new CliError('There is no token in it.');
}
