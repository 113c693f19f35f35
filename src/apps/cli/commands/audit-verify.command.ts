import type { Command } from 'commander';
import { counted } from '../../../kernel/counted.js';
import { answer, type components } from '#sdk';
import { readKept } from '../audit/kept-checkpoints.js';
import { type FileReport, verifyFile } from '../audit/verify-file.js';
import { examples, type Actions, type Cli, type Outcome } from '../cli.js';
import { printable } from '../display/printable.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { readTrustedKeys, unverified } from '../trusted-keys.js';

type Verification = components['schemas']['AuditVerification'];

interface VerifyOptions {
  readonly file?: string;
  readonly checkpoints?: readonly string[];
  readonly trust?: string;
}

const RUNBOOK = 'What to do first: docs/runbooks/audit-verification-failed.md';

export function addAuditVerify(audit: Command, { act }: Actions): void {
  audit
    .command('verify')
    .description('Prove the log: asked of the server, or by a file and a key that you have kept.')
    .option('--file <export>', 'what "audit export" has written; needs no server and no sign-in')
    .option('--trust <keys>', 'file of the keys that you trust; see "audit key"')
    .option('--checkpoints <paths...>', 'checkpoints that were kept: files, or an anchor’s folder')
    .addHelpText(
      'after',
      examples(
        'tidegate audit verify',
        'tidegate audit verify --file audit.jsonl --trust keys.txt',
        'tidegate audit verify --file audit.jsonl --trust keys.txt --checkpoints /mnt/anchors',
      ),
    )
    .action(act((cli, options: VerifyOptions) => verify(cli, options)));
}

function verify(cli: Cli, { file, trust, checkpoints }: VerifyOptions): Promise<Outcome> {
  if (file !== undefined) return offline(cli, { file, trust, checkpoints: checkpoints ?? [] });
  if (trust !== undefined || checkpoints !== undefined) {
    throw new CliError(
      '--trust and --checkpoints prove a file: export one first (tidegate audit export --file audit.jsonl), and name it with --file.',
    );
  }
  return online(cli);
}

async function online(cli: Cli): Promise<Outcome> {
  const { api } = await cli.connect();
  const report = await answer(api.GET('/api/v1/audit-logs/verification'));
  cli.terminal.result(report, onlineLines(report));
  const isRight = report.fault === null && report.strayIds.length === 0;
  return isRight ? exitCodes.succeeded : exitCodes.failed;
}

function onlineLines({ size, provenSize, fault, strayIds, sinks }: Verification): string[] {
  const strays = strayIds.map((id) => `  ${id} stands in the database and not in the log`);
  return [
    fault === null
      ? `The server has found ${counted(provenSize, 'entry')} as they were sealed.`
      : `${fault.text} (${fault.kind}).`,
    ...sinks.map(({ sink, size: anchored, error }) => {
      if (error !== null) return `  ${sink}: could not be asked: ${error}`;
      const rest = size - anchored;
      const later = rest > 0 ? `, the ${rest} after them not yet` : '';
      return `  ${sink}: anchored up to ${anchored} entries${later}`;
    }),
    ...strays,
    ...(fault === null && strays.length === 0 ? [] : [RUNBOOK]),
    'This is the server’s own word. To prove it: tidegate audit export, then audit verify --file.',
  ].map(printable);
}

interface Offline {
  readonly file: string;
  readonly trust: string | undefined;
  readonly checkpoints: readonly string[];
}

async function offline(cli: Cli, { file, trust, checkpoints }: Offline): Promise<Outcome> {
  if (trust === undefined) throw unverified(file);
  const trusted = await readTrustedKeys(trust);
  const kept = await readKept(checkpoints, trusted);
  const report = await verifyFile(file, trusted, kept.checkpoints);
  const keptOthers = kept.checkpoints.length - report.keptAgree;
  cli.terminal.result({ file, ...report, keptOthers, strangers: kept.strangers }, [
    ...offlineLines(file, report),
    ...keptLines(report, keptOthers, kept.strangers),
  ]);
  return report.fault === null && report.isComplete ? exitCodes.succeeded : exitCodes.failed;
}

function offlineLines(file: string, report: FileReport): string[] {
  const { fault, from, size, entries, origin, filter, provenSize, isComplete } = report;
  if (fault === null) {
    const what =
      filter === null
        ? `entries ${from} to ${size - 1} of ${origin} are what was sealed, without a gap.`
        : `all ${entries} are entries of ${origin} as they were sealed. That none was left out is not proven.`;
    return [printable(`${file}: ${what}`)];
  }
  return [
    `${file}: ${fault.text} (${fault.kind}).`,
    ...(provenSize > from && filter === null
      ? [`  proven are entries ${from} to ${provenSize - 1}`]
      : []),
    ...(isComplete ? [] : [`  it was cut off; this goes on: tidegate audit export --file ${file}`]),
    ...(isComplete && fault.kind === 'truncated'
      ? [
          '  either it was exported before that checkpoint, or the log has lost its end: export it again',
        ]
      : []),
    RUNBOOK,
  ].map(printable);
}

function keptLines({ keptAgree }: FileReport, others: number, strangers: number): string[] {
  return [
    ...(keptAgree > 0 ? [`  ${counted(keptAgree, 'kept checkpoint')} agree`] : []),
    ...(others > 0 ? [`  ${others} are of other sizes, or disagree`] : []),
    ...(strangers > 0
      ? [`  ${strangers} files are no checkpoint that a trusted key has signed`]
      : []),
  ];
}
