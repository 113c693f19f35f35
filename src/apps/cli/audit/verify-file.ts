import { NoteError, type NoteVerifier } from '../../../kernel/tlog/note.js';
import { ExportLineError, ExportReader } from '../../../kernel/tlog/read-export.js';
import {
  type ExportReport,
  ExportVerifier,
  type KeptCheckpoint,
} from '../../../kernel/tlog/verify-export.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { linesOfFile } from './file-lines.js';

export interface FileReport extends ExportReport {
  /** False: it was cut off, and `audit export` goes on where it ends. */
  readonly isComplete: boolean;
}

/** Without a server. Throws CliError for what is no export, and for one of a log that nobody trusts. */
export async function verifyFile(
  path: string,
  trusted: readonly NoteVerifier[],
  kept: readonly KeptCheckpoint[],
): Promise<FileReport> {
  const reader = new ExportReader();
  let verifier: ExportVerifier | undefined;
  try {
    for await (const { text, isWhole } of linesOfFile(path)) {
      if (!isWhole) break;
      const line = reader.read(text);
      if (line.kind === 'head') verifier = new ExportVerifier(line, trusted, kept);
      else verifier!.line(line);
    }
  } catch (error) {
    if (error instanceof ExportLineError) {
      throw new CliError(`${path}, ${error.message}.`, exitCodes.failed);
    }
    if (error instanceof NoteError) {
      throw new CliError(`Unverified: ${path}: ${error.message}.`, exitCodes.rejected);
    }
    throw error;
  }
  if (!verifier) throw new CliError(`${path} is empty: export it again.`);
  return { ...verifier.report(), isComplete: reader.isComplete };
}
