/** Where a file of the archive lies: by its month, and by the sequences that are in it. */
import { type ArchiveKey, archiveKey, personalKey } from '../../../drivers/storage/object-store.js';

/** The folder below `archive/<tenant>/` and `personal/<tenant>/`. */
export const ARCHIVE_WORD = 'audit';
/** So that names sort as sequences do. */
const DIGITS = 16;

export interface ArchivedSpan {
  /** `2026-08`. */
  readonly month: string;
  readonly fromSequence: number;
  readonly size: number;
}

const nameOf = ({ month, fromSequence, size }: ArchivedSpan): string =>
  `${month}_${padded(fromSequence)}-${padded(size)}`;
const padded = (sequence: number): string => String(sequence).padStart(DIGITS, '0');

export function leavesKey(tenantId: string, span: ArchivedSpan): ArchiveKey {
  return archiveKey(tenantId, ARCHIVE_WORD, `${nameOf(span)}.jsonl.gz`);
}

export function personalKeyOf(tenantId: string, span: ArchivedSpan, version: number): ArchiveKey {
  return personalKey(tenantId, ARCHIVE_WORD, `${nameOf(span)}.personal.${version}.jsonl.gz`);
}
