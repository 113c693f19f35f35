import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';
import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';

type Switch = components['schemas']['KillSwitch'];

/** Everything stops going forward: of the tenant, or, signed in to the reserved one, of the installation. */
export function addKillSwitchCommands(program: Command, { act }: Actions): void {
  const killSwitch = program
    .command('kill-switch')
    .description('Stop everything from going forward; rollbacks continue.');
  killSwitch
    .command('status')
    .description('Show whether it is on, since when and why.')
    .addHelpText('after', examples('tidegate kill-switch status'))
    .action(
      act(async (cli) => {
        const { api } = await cli.connect();
        tell(cli, await answer(api.GET('/api/v1/kill-switch')));
      }),
    );
  const turn = (word: 'on' | 'off', description: string) =>
    killSwitch
      .command(word)
      .description(description)
      .requiredOption('--reason <text>', 'whoever finds it turned reads it')
      .addHelpText(
        'after',
        examples(`tidegate kill-switch ${word} --reason "the database is moved"`),
      )
      .action(
        act(async (cli, { reason }: { readonly reason: string }) => {
          const { api } = await cli.connect();
          const body = { isOn: word === 'on', reason };
          tell(cli, await answer(api.PUT('/api/v1/kill-switch', { body })));
        }),
      );
  turn('on', 'Nothing starts any more, and no further wave begins.');
  turn('off', 'What has waited for it goes on.');
}

function tell({ terminal }: Cli, state: Switch): void {
  const { level, isOn, reason, changedBy, changedAt, isHeldByPlatform } = state;
  const whose = level === 'platform' ? 'of the installation' : 'of this tenant';
  const since =
    changedAt === null
      ? ''
      : `, since ${timeText(changedAt, terminal.style.isUtc)} by ${changedBy ?? ''}: ${reason ?? ''}`;
  const lines = [`The kill switch ${whose} is ${isOn ? 'on' : 'off'}${since}`];
  if (level === 'tenant' && isHeldByPlatform) {
    lines.push('That of the installation is on: nothing goes forward here either.');
  }
  terminal.result(state, lines.map(printable));
}
