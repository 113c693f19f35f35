import type { Command } from 'commander';
import { answer } from '#sdk';
import { examples, type Actions } from '../cli.js';
import { addAuditEntries } from './audit-entries.commands.js';
import { addAuditExport } from './audit-export.command.js';
import { addAuditProofs } from './audit-proofs.commands.js';
import { addAuditVerify } from './audit-verify.command.js';

export function addAuditCommands(program: Command, actions: Actions): void {
  const audit = program
    .command('audit')
    .description('What everybody has done, and the proof that nothing of it was changed.');
  addAuditEntries(audit, actions);
  addAuditExport(audit, actions);
  addAuditVerify(audit, actions);
  addAuditProofs(audit, actions);
  addKey(audit, actions);
}

function addKey(audit: Command, { act }: Actions): void {
  audit
    .command('key')
    .description(
      'Print the key that proves this log, to be kept where its operators cannot change it.',
    )
    .addHelpText(
      'after',
      examples('tidegate audit key >> trusted-keys.txt', 'tidegate audit key --json'),
    )
    .action(
      act(async (cli) => {
        const { api } = await cli.connect();
        const key = await answer(api.GET('/api/v1/audit-logs/key'));
        cli.terminal.result(key, [key.key]);
      }),
    );
}
