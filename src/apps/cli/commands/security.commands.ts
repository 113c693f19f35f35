import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError } from '../exit-codes.js';

type Policy = components['schemas']['SecurityPolicy'];

interface SetOptions {
  readonly mfaRoles?: string;
  readonly networks?: string;
  readonly force?: boolean;
}

export function addSecurityCommands(program: Command, { act }: Actions): void {
  const security = program
    .command('security')
    .description('What the tenant requires of everybody.');
  security
    .command('show')
    .description('Show whose roles need a second factor, and from which networks one may come.')
    .addHelpText('after', examples('tidegate security show', 'tidegate security show --json'))
    .action(
      act(async (cli) => {
        const { api } = await cli.connect();
        tell(cli, await answer(api.GET('/api/v1/security-policy')));
      }),
    );
  security
    .command('set')
    .description('Change it; what is not named stays.')
    .option('--mfa-roles <roles>', 'built-in roles that need a second factor, or "none"')
    .option('--networks <networks>', 'addresses and networks to come from, or "all"')
    .option('--force', 'also if your own address is in none of them')
    .addHelpText(
      'after',
      examples(
        'tidegate security set --mfa-roles Deployer,Admin,PlatformAdmin',
        'tidegate security set --networks 203.0.113.0/24,2001:db8::/32',
        'tidegate security set --networks all',
      ),
    )
    .action(act((cli, options: SetOptions) => change(cli, options)));
}

async function change(cli: Cli, { mfaRoles, networks, force }: SetOptions): Promise<void> {
  if (mfaRoles === undefined && networks === undefined) {
    throw new CliError('Say what to change: --mfa-roles or --networks.');
  }
  const { api } = await cli.connect();
  const now = await answer(api.GET('/api/v1/security-policy'));
  const body = {
    mfaRequiredRoles: (listOf(mfaRoles, 'none') ??
      now.mfaRequiredRoles) as Policy['mfaRequiredRoles'],
    allowedNetworks: listOf(networks, 'all') ?? now.allowedNetworks,
    ...(force ? { force } : {}),
  };
  const headers = { 'if-match': `"${now.version}"` };
  tell(cli, await answer(api.PUT('/api/v1/security-policy', { body, headers })));
}

/** Undefined: it stays. */
function listOf(text: string | undefined, nothing: string): string[] | undefined {
  if (text === undefined) return undefined;
  return text === nothing ? [] : text.split(',').map((item) => item.trim());
}

function tell({ terminal }: Cli, policy: Policy): void {
  const { mfaRequiredRoles, allowedNetworks } = policy;
  terminal.result(
    policy,
    [
      `second factor  ${mfaRequiredRoles.length > 0 ? mfaRequiredRoles.join(', ') : 'required of nobody'}`,
      `networks       ${allowedNetworks.length > 0 ? allowedNetworks.join(', ') : 'from everywhere'}`,
    ].map(printable),
  );
}
