import type { Command } from 'commander';
import { counted } from '../../../kernel/counted.js';
import { renderUnicodeCompact } from 'uqr';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { table } from '../display/table.js';
import { timeText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { ask, readSecret } from '../session/ask.js';
import { proveByBrowser, providerNamed } from '../session/browser-sign-in.js';
import { stepUp } from '../session/prove.js';

interface StepUpOptions {
  readonly totp?: string;
  readonly passwordStdin?: boolean;
  readonly provider?: string;
}

export function addFactorCommands(program: Command, { act }: Actions): void {
  program
    .command('step-up')
    .description('Confirm that it is you, for five minutes; a terminal asks what is missing.')
    .option('--totp <code>', 'the code of your authenticator app')
    .option(
      '--password-stdin',
      'read the password from standard input, if you have no second factor',
    )
    .option(
      '--provider <name>',
      'in a browser, at the identity provider by which you have signed in',
    )
    .addHelpText(
      'after',
      examples(
        'tidegate step-up',
        'tidegate step-up --totp 492039',
        'tidegate step-up --provider Company',
      ),
    )
    .action(act((cli, options: StepUpOptions) => prove(cli, options)));
  const mfa = program.command('mfa').description('Your second factors.');
  mfa
    .command('status')
    .description('List your authenticator apps and passkeys.')
    .addHelpText('after', examples('tidegate mfa status', 'tidegate mfa status --json'))
    .action(act((cli) => status(cli)));
  mfa
    .command('enrol-totp')
    .description('Enrol an authenticator app: scan the code, then confirm.')
    .option('--name <name>', 'for you to tell your apps apart')
    .addHelpText('after', examples('tidegate mfa enrol-totp --name phone'))
    .action(act((cli, options: { name?: string }) => enrol(cli, options.name)));
  mfa
    .command('confirm')
    .description('Confirm an authenticator app with a code that it shows.')
    .argument('<code>', 'six digits')
    .addHelpText('after', examples('tidegate mfa confirm 492039'))
    .action(act((cli, code: string) => confirm(cli, code)));
  mfa
    .command('recovery-codes')
    .description('Make ten new recovery codes; those before stop working.')
    .addHelpText('after', examples('tidegate mfa recovery-codes'))
    .action(act((cli) => renewRecoveryCodes(cli)));
  mfa
    .command('remove')
    .description('Remove an authenticator app or a passkey; your other sessions end.')
    .argument('<id>', 'as mfa status shows it')
    .addHelpText('after', examples('tidegate mfa remove 019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f'))
    .action(act((cli, id: string) => remove(cli, id)));
}

async function prove(cli: Cli, options: StepUpOptions): Promise<void> {
  const { streams } = cli;
  const { totp, passwordStdin, provider } = options;
  const client = await cli.connect();
  if (provider !== undefined) return proveThere(cli, client, provider);
  const hasTerminal = streams.stdin.isTTY === true;
  let body: Parameters<typeof stepUp>[1];
  if (totp !== undefined) body = { totp };
  else if (passwordStdin) body = { password: await readSecret(streams) };
  else if (!hasTerminal) throw new CliError('There is no terminal to ask: use --totp CODE.');
  else {
    const { factors } = await answer(client.api.GET('/api/v1/me/mfa'));
    const hasApp = factors.some(({ kind }) => kind === 'totp');
    if (factors.length > 0 && !hasApp)
      throw new CliError('A passkey needs a browser: do it there.');
    body = hasApp
      ? { totp: await ask(streams, 'Code of your authenticator app: ', false) }
      : { password: await ask(streams, 'Password, once more: ', true) };
  }
  const done = await stepUp(client, body);
  cli.terminal.result(done, [`Good until ${timeText(done.goodUntil, cli.terminal.style.isUtc)}.`]);
}

async function proveThere(cli: Cli, client: Tidegate, provider: string): Promise<void> {
  const { tenant } = await answer(client.api.GET('/api/v1/authentication/me'));
  const id = await providerNamed(client.api, provider, tenant);
  await proveByBrowser(cli, client, id);
  cli.terminal.result({ provider: id, proved: true }, ['Shown. It is good for five minutes.']);
}

const HEADS = ['ID', 'KIND', 'NAME', 'SINCE', 'LAST USED'];

async function status(cli: Cli): Promise<void> {
  const { api } = await cli.connect();
  const mfa = await answer(api.GET('/api/v1/me/mfa'));
  const { isUtc, columns } = cli.terminal.style;
  const rows = mfa.factors.map(({ id, kind, name, createdAt, lastUsedAt }) => [
    id,
    kind,
    name,
    timeText(createdAt, isUtc),
    lastUsedAt ? timeText(lastUsedAt, isUtc) : 'never',
  ]);
  const demand = mfa.isDemanded ? 'requires one of you' : 'requires none of you';
  cli.terminal.result(mfa, [
    ...(rows.length > 0 ? table(HEADS, rows, columns) : []),
    `${counted(mfa.factors.length, 'second factor')}, ${counted(mfa.recoveryCodesLeft, 'recovery code')} left; the tenant ${demand}.`,
  ]);
}

async function enrol(cli: Cli, name: string | undefined): Promise<void> {
  const { terminal, streams } = cli;
  const { api } = await cli.connect();
  const body = name === undefined ? {} : { name };
  const begun = await answer(api.POST('/api/v1/me/mfa/totp', { body }));
  terminal.result(begun, [
    renderUnicodeCompact(begun.uri),
    `Scan it with your authenticator app, or type in: ${begun.secret}`,
  ]);
  if (streams.stdin.isTTY !== true || terminal.options.isJson) {
    terminal.note('Then: tidegate mfa confirm CODE');
    return;
  }
  await confirm(cli, await ask(streams, 'The code that the app shows now: ', false));
}

async function confirm(cli: Cli, code: string): Promise<void> {
  const { api } = await cli.connect();
  const body = { code: code.replace(/\s/g, '') };
  const confirmed = await answer(api.POST('/api/v1/me/mfa/totp/confirm', { body }));
  cli.terminal.result(confirmed, [
    'Confirmed. From here on signing in takes a code; your other sessions have ended.',
    ...codeLines(confirmed.recoveryCodes),
  ]);
}

async function renewRecoveryCodes(cli: Cli): Promise<void> {
  const { api } = await cli.connect();
  const made = await answer(api.POST('/api/v1/me/mfa/recovery-codes'));
  cli.terminal.result(made, codeLines(made.recoveryCodes));
}

function codeLines(codes: readonly string[] | null): string[] {
  if (codes === null) return [];
  return [
    'Recovery codes, each good once, never shown again. Keep them where your phone is not:',
    ...codes.map((code) => `  ${printable(code)}`),
  ];
}

async function remove(cli: Cli, id: string): Promise<void> {
  const { api } = await cli.connect();
  const { factors } = await answer(api.GET('/api/v1/me/mfa'));
  const factor = factors.find((each) => each.id === id);
  if (!factor) throw new CliError('You have no such factor: see tidegate mfa status.');
  const params = { path: { id } };
  if (factor.kind === 'totp') await api.DELETE('/api/v1/me/mfa/totp/{id}', { params });
  else await api.DELETE('/api/v1/me/passkeys/{id}', { params });
  cli.terminal.result({ id, removed: true }, ['Removed. Your other sessions have ended.']);
}
