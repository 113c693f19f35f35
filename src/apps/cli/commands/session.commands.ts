import type { Command } from 'commander';
import { answer, type components, type Login, signIn, TidegateError, type TokenPair } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';
import { ask, readSecret } from '../session/ask.js';
import { signInByBrowser } from '../session/browser-sign-in.js';
import { ConfigFile, DEFAULT_CONTEXT } from '../session/config-file.js';
import { createTidegate } from '#sdk';

interface LoginOptions {
  readonly username?: string;
  readonly tenant?: string;
  readonly passwordStdin?: boolean;
  readonly totp?: string;
  readonly recoveryCode?: string;
  readonly provider?: string;
}

export function addSessionCommands(program: Command, { act }: Actions): void {
  program
    .command('login')
    .description('Sign in to a server and keep the session under the name of --context.')
    .option('--username <name>', 'username or e-mail address; asked for when left out')
    .option('--tenant <slug>', 'needed only by members of several tenants')
    .option('--password-stdin', 'read the password from standard input')
    .option('--totp <code>', 'the code of an authenticator app; asked for when left out')
    .option('--recovery-code <code>', 'instead of a code, when the phone is gone')
    .option('--provider <name>', 'sign in at an identity provider, in a browser')
    .addHelpText(
      'after',
      examples(
        'tidegate login --server https://tidegate.example.com --username deployer',
        'tidegate login --server https://staging.example.com --context staging',
        'pass show tidegate | tidegate login --username ci --password-stdin',
        'tidegate login --provider Company --tenant acme',
      ),
    )
    .action(act((cli, options: LoginOptions) => login(cli, options)));
  program
    .command('logout')
    .description('End the session on the server and forget its tokens.')
    .addHelpText('after', examples('tidegate logout', 'tidegate logout --context staging'))
    .action(act((cli) => logout(cli)));
  program
    .command('whoami')
    .description('Show who is signed in, where, and what they may do.')
    .addHelpText('after', examples('tidegate whoami', 'tidegate whoami --json'))
    .action(act((cli) => whoami(cli)));
}

async function login(cli: Cli, options: LoginOptions): Promise<void> {
  const { environment, terminal } = cli;
  const file = new ConfigFile(environment.configFile);
  const { contexts, current } = await file.read();
  const name =
    cli.options.context ?? (Object.keys(contexts).length > 0 ? current : DEFAULT_CONTEXT);
  const known = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  const server = cli.options.server ?? environment.server ?? known?.server;
  if (!server) throw new CliError('Say where: tidegate login --server https://…');
  warnOfPlainText(cli, server);
  const { accessToken, refreshToken } = await tokensOf(cli, server, options);
  const tokens = { accessToken, refreshToken };
  const client = createTidegate({ baseUrl: server, token: tokens.accessToken });
  const user = await answer(client.api.GET('/api/v1/authentication/me'));
  await file.save(name, {
    server: client.baseUrl,
    username: user.username,
    tenant: user.tenant,
    ...tokens,
  });
  const roles = user.roles.join(', ');
  terminal.result({ context: name, server: client.baseUrl, user }, [
    `Signed in to ${client.baseUrl} as ${printable(user.username)} (${roles}) of ${printable(user.tenant)}; context "${name}".`,
  ]);
}

async function tokensOf(cli: Cli, server: string, options: LoginOptions): Promise<TokenPair> {
  const { streams } = cli;
  const { provider, tenant, totp, recoveryCode } = options;
  if (provider !== undefined) return signInByBrowser(cli, { server, provider, tenant });
  const mayAsk = streams.stdin.isTTY === true;
  if (!mayAsk && !options.passwordStdin) {
    throw new CliError('There is no terminal to ask for a password: use --password-stdin.');
  }
  const username =
    options.username ??
    (mayAsk && !options.passwordStdin ? await ask(streams, 'Username: ', false) : undefined);
  if (!username) throw new CliError('Say who: tidegate login --username NAME');
  const password = options.passwordStdin
    ? await readSecret(streams)
    : await ask(streams, `Password of ${printable(username)}: `, true);
  return signInWithFactor(cli, server, {
    username,
    password,
    ...(tenant ? { tenant } : {}),
    ...(totp ? { totp } : {}),
    ...(recoveryCode ? { recoveryCode } : {}),
  });
}

/** Asks for a code when the server does, and somebody is there to give one. */
async function signInWithFactor(
  { streams }: Cli,
  server: string,
  login: Login,
): Promise<TokenPair> {
  try {
    return await signIn(server, login);
  } catch (error) {
    const isAsked = error instanceof TidegateError && error.code === 'factor-required';
    if (!isAsked || streams.stdin.isTTY !== true) return plainUsage(error);
    const code = await ask(streams, 'Code of your authenticator app, or a recovery code: ', false);
    return signIn(server, { ...login, ...factorOf(code) }).catch(plainUsage);
  }
}

function factorOf(typed: string): Pick<Login, 'totp' | 'recoveryCode'> {
  const code = typed.replace(/\s/g, '');
  return /^\d{6}$/.test(code) ? { totp: code } : { recoveryCode: typed.trim() };
}

function plainUsage(error: unknown): never {
  if (error instanceof TypeError) throw new CliError(error.message);
  throw error;
}

/** A password over an open line is everybody's; on this machine there is no line. */
function warnOfPlainText({ terminal }: Cli, server: string): void {
  const url = URL.canParse(server) ? new URL(server) : null;
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  if (url?.protocol === 'http:' && !isLocal) {
    terminal.note(
      `Warning: ${url.origin} is not encrypted; whoever is on the way can read the password.`,
    );
  }
}

async function logout(cli: Cli): Promise<void> {
  const file = new ConfigFile(cli.environment.configFile);
  const { contexts, current } = await file.read();
  const name = cli.options.context ?? current;
  if (!Object.hasOwn(contexts, name)) {
    cli.terminal.result({ context: name, signedOut: false }, ['Nobody is signed in.']);
    return;
  }
  const client = await cli.connect();
  // The tokens are forgotten whatever the server says; a session that is over needs no end.
  const onServer = await client.api.POST('/api/v1/authentication/logout').then(
    () => true,
    () => false,
  );
  await file.remove(name);
  const words = onServer
    ? 'Signed out.'
    : 'The tokens are forgotten here, but the server could not be told: the session ends there on its own.';
  cli.terminal.result({ context: name, signedOut: true, onServer }, [words]);
}

async function whoami(cli: Cli): Promise<void> {
  const client = await cli.connect();
  const user = await answer(client.api.GET('/api/v1/authentication/me'));
  cli.terminal.result(
    { server: client.baseUrl, user },
    [
      `${user.username} of ${user.tenant} at ${client.baseUrl}`,
      ...whatKey(user),
      `  roles        ${user.roles.join(', ')}`,
      `  permissions  ${user.permissions.join(', ')}`,
    ].map(printable),
  );
}

/** Of a pipeline: which key it acts with, and how long it may. */
function whatKey({ accessKey }: components['schemas']['SignedInUser']): string[] {
  if (!accessKey) return [];
  const { name, ownerName, expiresAt } = accessKey;
  return [`  access key   ${name} of ${ownerName}, until ${expiresAt}`];
}
