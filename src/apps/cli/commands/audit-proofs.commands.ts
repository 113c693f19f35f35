import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { answer } from '#sdk';
import { checkProof, parseProof } from '../../../kernel/tlog/checkpoint.js';
import { NoteError } from '../../../kernel/tlog/note.js';
import { entryLines, type ShownEntry } from '../audit/entry-lines.js';
import { examples, type Actions, type Cli } from '../cli.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { readTrustedKeys, unverified } from '../trusted-keys.js';

const ID = '019a7f3e-4000-7aaa-8bbb-0123456789ab';

export function addAuditProofs(audit: Command, { act }: Actions): void {
  audit
    .command('prove')
    .description('Write the proof of one entry, which shows nothing of any other.')
    .argument('<entry>', 'its id')
    .option('--file <file>', 'where to; without it: stdout')
    .addHelpText('after', examples(`tidegate audit prove ${ID} --file entry.tlog-proof`))
    .action(act((cli, id: string, { file }: { file?: string }) => prove(cli, id, file)));
  audit
    .command('check')
    .description('Prove an entry by such a file and a key that you have kept; needs no server.')
    .argument('<file>', 'what "audit prove" has written')
    .option('--trust <keys>', 'file of the keys that you trust; see "audit key"')
    .addHelpText('after', examples('tidegate audit check entry.tlog-proof --trust keys.txt'))
    .action(act((cli, file: string, { trust }: { trust?: string }) => check(cli, file, trust)));
}

async function prove(cli: Cli, id: string, file: string | undefined): Promise<void> {
  const { api } = await cli.connect();
  const path = '/api/v1/audit-logs/{id}/proof';
  const proof = await answer(api.GET(path, { params: { path: { id } }, parseAs: 'text' }));
  if (file === undefined) {
    cli.terminal.streams.stdout.write(proof);
    return;
  }
  await writeFile(file, proof).catch((error: unknown) => {
    throw new CliError(`The proof cannot be written: ${(error as Error).message}`);
  });
  cli.terminal.result({ file }, [
    `${file} proves the entry.`,
    `Whoever has the key checks it: tidegate audit check ${file} --trust KEYS`,
  ]);
}

async function check(cli: Cli, file: string, trust: string | undefined): Promise<void> {
  if (trust === undefined) throw unverified(file);
  const trusted = await readTrustedKeys(trust);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError(`The proof cannot be read: ${(error as Error).message}`);
  });
  const { proof, checkpoint } = provenIn(file, text, trusted);
  const entry = JSON.parse(proof.entry.toString('utf8')) as ShownEntry;
  const { origin, size } = checkpoint;
  const shown = { ...entry, sequence: proof.index };
  cli.terminal.result({ origin, size, sequence: proof.index, entry }, [
    `${file}: this is an entry of ${origin}, as it was sealed.`,
    ...entryLines(shown, cli.terminal.style.isUtc),
    'Names and addresses are left out: the proof has a hash of each.',
  ]);
}

function provenIn(file: string, text: string, trusted: Parameters<typeof checkProof>[1]) {
  try {
    const proof = parseProof(text);
    return { proof, checkpoint: checkProof(proof, trusted) };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    const isKey = /no key/.test(error.message);
    throw new CliError(
      isKey
        ? `Unverified: ${file}: ${error.message}. Trust its key only if you have it from elsewhere.`
        : `${file}: ${error.message}.`,
      isKey ? exitCodes.rejected : exitCodes.failed,
    );
  }
}
