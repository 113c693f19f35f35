import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { RECEIPT_CHARACTERS } from '../../../kernel/receipt/receipt.js';
import { type ReceiptVerdict, verifyReceipt } from '../../../kernel/receipt/verify-receipt.js';
import { examples, type Actions, type Cli } from '../cli.js';
import { receiptView } from '../display/receipt-view.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { receiptOf, writeReceipt } from '../receipt-file.js';
import { readTrustedKeys } from '../trusted-keys.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

export function addReceiptCommands(program: Command, { act }: Actions): void {
  const receipt = program
    .command('receipt')
    .description('Proof of a deployment for people who were not there.');
  receipt
    .command('get')
    .description('Get the receipt of a deployment that has ended.')
    .argument('<deployment>', 'its id')
    .option('--file <file>', 'write it there')
    .addHelpText(
      'after',
      examples(
        `tidegate receipt get ${ID} --file receipt.json`,
        `tidegate receipt get ${ID} | jq .summary`,
      ),
    )
    .action(act((cli, id: string, { file }: { file?: string }) => get(cli, id, file)));
  receipt
    .command('verify')
    .description('Check a receipt here, without any server.')
    .argument('<file>')
    .option('--trust <file>', 'keys of logs that you trust, one in each line')
    .addHelpText(
      'after',
      examples('tidegate receipt verify receipt.json --trust audit-keys.txt') +
        '\nExit codes: 0 verified, 1 unverified (no --trust), 3 refused\n',
    )
    .action(act((cli, file: string, { trust }: { trust?: string }) => verify(cli, file, trust)));
}

async function get(cli: Cli, id: string, file: string | undefined): Promise<void> {
  const text = await receiptOf(await cli.connect(), id);
  if (file === undefined) {
    cli.terminal.streams.stdout.write(text);
    return;
  }
  await writeReceipt(file, text);
  cli.terminal.result({ id, file }, [`Receipt: ${file}`]);
}

const CODES: Readonly<Record<ReceiptVerdict['is'], number>> = {
  verified: exitCodes.succeeded,
  unverified: exitCodes.usage,
  refused: exitCodes.failed,
};

async function verify(cli: Cli, file: string, trust: string | undefined): Promise<number> {
  const trusted = trust === undefined ? null : await readTrustedKeys(trust);
  const verdict = verifyReceipt(await readReceipt(file), trusted);
  const { is, faults, notices, receipt } = verdict;
  const summary = is === 'refused' ? null : (receipt?.summary ?? null);
  const result = { is, faults, notices, summary };
  cli.terminal.result(result, receiptView(verdict, cli.terminal.style.isUtc));
  return CODES[is];
}

async function readReceipt(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > 4 * RECEIPT_CHARACTERS) throw new Error('it is too long for a receipt');
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`The receipt cannot be read: ${(error as Error).message}`);
  }
}
