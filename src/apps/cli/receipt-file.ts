import { constants } from 'node:fs';
import { access, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { answer, type Tidegate, TidegateError } from '#sdk';
import type { Cli, Outcome } from './cli.js';
import { printable } from './display/printable.js';
import { CliError, exitCodes } from './exit-codes.js';

/** Entries are sealed within seconds; whoever has waited this long waits for something that is broken. */
const PATIENCE_MS = 60_000;
const PASSING = new Set(['receipt-unsealed', 'receipt-not-yet']);

/** Before anything is deployed: what cannot be written afterwards. Throws CliError. */
export async function mustBeWritable(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw new CliError(`The receipt could not be written there: ${(error as Error).message}`);
  });
}

/** As the file holds it. Throws what the server refuses it for. */
export async function receiptOf({ api }: Tidegate, id: string): Promise<string> {
  const receipt = await answer(
    api.GET('/api/v1/deployments/{id}/receipt', { params: { path: { id } } }),
  );
  return `${JSON.stringify(receipt, null, 1)}\n`;
}

/** Whole, or not at all. Throws CliError. */
export async function writeReceipt(file: string, text: string): Promise<void> {
  const part = `${file}.part`;
  try {
    await writeFile(part, text);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw new CliError(`The receipt cannot be written: ${(error as Error).message}`);
  }
}

interface Asked {
  readonly id: string;
  readonly file: string;
  /** How the deployment ended. */
  readonly outcome: Outcome;
}

/**
 * After a deployment that was followed. Its outcome stays the exit code; only a success without the receipt
 * that was asked for has one of its own, since whoever keeps receipts must not go on as if there were one.
 */
export async function keepReceipt(cli: Cli, client: Tidegate, asked: Asked): Promise<Outcome> {
  const { id, file, outcome } = asked;
  const later = `Get it later: tidegate receipt get ${id} --file ${file}`;
  if (outcome === exitCodes.timeout || outcome === exitCodes.interrupted) {
    cli.terminal.note(`No receipt: the deployment has not ended. ${later}`);
    return outcome;
  }
  try {
    await writeReceipt(file, await sealedReceipt(client, id));
  } catch (error) {
    const why = printable(error instanceof Error ? error.message : String(error));
    cli.terminal.note(`No receipt: ${why} ${later}`);
    if (cli.terminal.options.isJson) cli.terminal.jsonLine({ type: 'receipt', id, file: null });
    return outcome === exitCodes.succeeded ? exitCodes.unproven : outcome;
  }
  if (cli.terminal.options.isJson) cli.terminal.jsonLine({ type: 'receipt', id, file });
  else cli.terminal.note(`Receipt: ${file}`);
  return outcome;
}

async function sealedReceipt(client: Tidegate, id: string): Promise<string> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await receiptOf(client, id);
    } catch (error) {
      const isPassing = error instanceof TidegateError && PASSING.has(error.code);
      if (!isPassing || performance.now() > until) throw error;
      await wait(1_000);
    }
  }
}
