import type { ReceiptVerdict } from '../../../kernel/receipt/verify-receipt.js';
import { counted } from '../../../kernel/counted.js';
import { printable } from './printable.js';
import { timeText } from './times.js';

const HEADS: Readonly<Record<ReceiptVerdict['is'], string>> = {
  verified: 'VERIFIED: signed by a log that you trust, and its entries say all of this.',
  unverified:
    'UNVERIFIED: nothing is wrong in itself, but a key inside a file proves nothing. Say whom you trust: --trust FILE',
  refused: 'REFUSED: this receipt proves nothing.',
};

/** What it states stands there only where its entries say so. */
export function receiptView(verdict: ReceiptVerdict, isUtc: boolean): string[] {
  const { is, faults, notices, receipt } = verdict;
  const lines = [
    HEADS[is],
    ...faults.map(({ code, text }) => `  ${code}: ${text}`),
    ...notices.map((notice) => `  note: ${notice}`),
    ...(receipt && is !== 'refused' ? stated(receipt, isUtc) : []),
  ];
  return lines.map(printable);
}

function stated(
  { summary, origin, log }: NonNullable<ReceiptVerdict['receipt']>,
  isUtc: boolean,
): string[] {
  const { asked, deployed, end, approvals } = summary;
  const at = (of: unknown) => timeText(textIn(of, 'at'), isUtc);
  const by = (of: unknown) => textIn(of, 'by', 'name');
  const what = `${textIn(deployed, 'module')} ${textIn(deployed, 'version')}`;
  const where = `${textIn(deployed, 'environment')}/${textIn(deployed, 'cluster')}`;
  const reason = textIn(end, 'reason');
  return [
    '',
    `${what} to ${where}: ${textIn(end, 'status')} ${at(end)}${reason === '-' ? '' : ` (${reason})`}`,
    `  asked by   ${by(asked)} ${at(asked)}`,
    `  artifact   ${textIn(deployed, 'artifactDigest')}`,
    `  manifest   ${textIn(deployed, 'manifestDigest')}`,
    `  strategy   ${textIn(deployed, 'strategy', 'kind')}, gate ${textIn(deployed, 'gate', 'kind')}`,
    ...listIn(approvals, 'decisions').map(
      (each) => `  ${textIn(each, 'decision').padEnd(10)} ${by(each)} ${at(each)}${signedBy(each)}`,
    ),
    ...listIn(summary, 'breakGlass').map((each) => `  break-glass ${by(each)} ${at(each)}`),
    ...listIn(summary, 'breakGlassReviews').map(
      (each) => `  reviewed   ${textIn(each, 'verdict')} by ${by(each)} ${at(each)}`,
    ),
    ...listIn(summary, 'freezeOverrides').map(
      (each) => `  despite freezes: ${by(each)} ${at(each)}`,
    ),
    ...listIn(summary, 'waves').map(
      (each) =>
        `  ${textIn(each, 'step').padEnd(10)} ${textIn(each, 'role')}, ${nodesOf(each)}, ${at(each)}`,
    ),
    ...listIn(summary, 'verdicts').map(
      (each) =>
        `  gate       wave ${textIn(each, 'wave')} ${textIn(each, 'outcome')}: ${textIn(each, 'reason')}`,
    ),
    `  log        ${origin}, ${log.entries.length} of its entries`,
  ];
}

const nodesOf = (wave: unknown) => counted(Number(textIn(wave, 'nodes')), 'node');

function signedBy(decision: unknown): string {
  const kind = textIn(decision, 'evidence', 'kind');
  return kind === '-' ? '' : `, signed (${kind})`;
}

function valueIn(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined,
    value,
  );
}

function textIn(value: unknown, ...path: readonly string[]): string {
  const found = valueIn(value, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '-';
}

function listIn(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueIn(value, path);
  return Array.isArray(found) ? found : [];
}
