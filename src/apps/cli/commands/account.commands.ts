import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { answer } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { ask, readSecret } from '../session/ask.js';
import { ConfigFile } from '../session/config-file.js';

export function addAccountCommands(program: Command, { act }: Actions): void {
  addSessionsCommands(program, { act });
  program
    .command('password')
    .description('Your password.')
    .command('change')
    .description('Change it. All other sessions of yours end, in all tenants.')
    .option('--passwords-stdin', 'read the present and the new one, a line each')
    .addHelpText('after', examples('tidegate password change'))
    .action(act((cli, options: { passwordsStdin?: boolean }) => changePassword(cli, options)));
  program
    .command('switch-tenant')
    .description('Continue in another of your tenants without signing in again.')
    .argument('[tenant]', 'its slug; without one your tenants are listed')
    .addHelpText('after', examples('tidegate switch-tenant', 'tidegate switch-tenant globex'))
    .action(act((cli, tenant?: string) => switchTenant(cli, tenant)));
  program
    .command('admin')
    .description('Commands for the server itself.')
    .command('recover')
    .description('Make somebody Admin of a tenant again, with the server’s settings.')
    .allowUnknownOption()
    .argument('[options...]', 'as npm run admin -- recover --help says')
    .addHelpText(
      'after',
      examples('tidegate admin recover --username ada --tenant default --reset-factors'),
    )
    .action(act((_cli, options: string[]) => recover(options)));
}

function addSessionsCommands(program: Command, { act }: Actions): void {
  const sessions = program.command('sessions').description('Where you are signed in.');
  sessions
    .command('list')
    .description('List your open sessions, in all tenants.')
    .addHelpText('after', examples('tidegate sessions list'))
    .action(
      act(async (cli) => {
        const { api } = await cli.connect();
        const { items } = await answer(api.GET('/api/v1/me/sessions'));
        const { isUtc } = cli.terminal.style;
        const rows = items.map((session) => [
          session.id,
          session.tenant,
          session.client ?? '',
          session.network ?? '',
          timeText(session.signedInAt, isUtc),
          timeText(session.lastUsedAt, isUtc),
          session.isCurrent ? 'this one' : '',
        ]);
        const heads = ['ID', 'TENANT', 'CLIENT', 'NETWORK', 'SINCE', 'LAST USED', ''];
        cli.terminal.list({ items }, heads, rows);
      }),
    );
  sessions
    .command('end')
    .description('End one of your sessions, or all of them.')
    .argument('[session]', 'an id of sessions list')
    .option('--all', 'sign out everywhere, here too')
    .addHelpText(
      'after',
      examples(
        'tidegate sessions end 4f1d2c3b5a6978808f7e6d5c4b3a2910',
        'tidegate sessions end --all',
      ),
    )
    .action(
      act(async (cli, id: string | undefined, { all }: { all?: boolean }) => {
        if ((id === undefined) !== (all === true)) throw new CliError('Give an id, or --all.');
        const { api } = await cli.connect();
        if (id === undefined) await api.POST('/api/v1/me/sessions/end-all');
        else await api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } });
        cli.terminal.result({ ended: id ?? 'all' }, ['Ended; it is out within five seconds.']);
      }),
    );
}

async function changePassword(cli: Cli, options: { passwordsStdin?: boolean }): Promise<void> {
  const { streams } = cli;
  const given = options.passwordsStdin ? (await readSecret(streams)).split(/\r?\n/) : null;
  if (!given && streams.stdin.isTTY !== true) {
    throw new CliError('There is no terminal to ask for passwords: use --passwords-stdin.');
  }
  const currentPassword = given ? given[0]! : await ask(streams, 'Present password: ', true);
  const newPassword = given ? given[1] : await ask(streams, 'New password: ', true);
  if (!newPassword) throw new CliError('There is no new password: nothing was changed.');
  if (!given && (await ask(streams, 'The new one again: ', true)) !== newPassword) {
    throw new CliError('The two are not the same: nothing was changed.');
  }
  const { api } = await cli.connect();
  await api.POST('/api/v1/me/password', { body: { currentPassword, newPassword } });
  cli.terminal.result({ changed: true }, ['Changed. Your other sessions end within five seconds.']);
}

async function switchTenant(cli: Cli, tenant: string | undefined): Promise<void> {
  const client = await cli.connect();
  if (tenant === undefined) {
    const { items } = await answer(client.api.GET('/api/v1/me/tenants'));
    const rows = items.map(({ slug, name, isCurrent }) => [slug, name, isCurrent ? 'here' : '']);
    cli.terminal.list({ items }, ['TENANT', 'NAME', ''], rows);
    return;
  }
  const file = new ConfigFile(cli.environment.configFile);
  const name = cli.options.context ?? (await file.read()).current;
  const saved = await file.context(name);
  if (!saved || cli.environment.token !== undefined) {
    throw new CliError('Only a saved sign-in can be switched: unset TIDEGATE_TOKEN and log in.');
  }
  const { accessToken, refreshToken, user } = await answer(
    client.api.POST('/api/v1/authentication/switch-tenant', { body: { tenant } }),
  );
  // The session that is left is not needed any more; if it cannot be ended it ends by itself.
  await client.api.POST('/api/v1/authentication/logout').catch(() => undefined);
  await file.save(name, { ...saved, tenant: user.tenant, accessToken, refreshToken });
  cli.terminal.result({ context: name, user }, [
    printable(`${user.username} is in ${user.tenant} now (${user.roles.join(', ')}).`),
  ]);
}

/** The server's own program, where both are installed together. */
async function recover(options: readonly string[]): Promise<number> {
  const program = ['js', 'ts'].map((extension) =>
    fileURLToPath(new URL(`../../admin/main.${extension}`, import.meta.url)),
  );
  const file = program.find((each) => existsSync(each));
  if (!file) {
    throw new CliError(
      'The server is not installed here. Run it there: npm run admin -- recover --help',
    );
  }
  const words = [...process.execArgv, file, 'recover', ...options];
  const child = spawn(process.execPath, words, { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
