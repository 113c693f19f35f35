/**
 * A file that an export is written to. It is whole when its last line is there and not before, so one that
 * was cut off is never taken for whole; it goes on after its last entry.
 */
import { open, type FileHandle } from 'node:fs/promises';
import {
  EXPORT_FORMAT,
  type ExportHead,
  type ExportLine,
} from '../../../kernel/tlog/export-lines.js';
import { ExportLineError, ExportReader } from '../../../kernel/tlog/read-export.js';
import { CliError } from '../exit-codes.js';
import { linesOfFile } from './file-lines.js';

export interface Begun {
  readonly head: ExportHead | null;
  /** The last that is there. */
  readonly lastEntry: { readonly sequence: number; readonly id: string } | null;
  /** Up to the end of its last whole line. */
  readonly bytes: number;
  readonly isComplete: boolean;
}

const NOTHING: Begun = { head: null, lastEntry: null, bytes: 0, isComplete: false };

/** What of it is there. Throws CliError for a file that is something else. */
export async function readBegun(path: string): Promise<Begun> {
  const isThere = await open(path, 'r').then(
    (file) => file.close().then(() => true),
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw new CliError(`${path} cannot be read: ${(error as Error).message}`);
    },
  );
  if (!isThere) return NOTHING;
  const reader = new ExportReader();
  let begun = NOTHING;
  try {
    for await (const { text, bytes, isWhole } of linesOfFile(path)) {
      if (!isWhole && begun.head === null) refuseOther(text);
      if (!isWhole) break;
      begun = after(begun, reader.read(text), bytes);
    }
  } catch (error) {
    if (!(error instanceof ExportLineError)) throw error;
    throw new CliError(
      `${path} exists and cannot be continued (${error.message}): name another file.`,
    );
  }
  return { ...begun, isComplete: reader.isComplete };
}

const BEGIN = `{"format":"${EXPORT_FORMAT}"`;

/** Half a first line is written over only if it is one. */
function refuseOther(text: string): void {
  if (text.startsWith(BEGIN) || BEGIN.startsWith(text)) return;
  throw new ExportLineError(1, 'not an exported audit log');
}

function after(begun: Begun, line: ExportLine, bytes: number): Begun {
  const grown = { ...begun, bytes: begun.bytes + bytes };
  if (line.kind === 'head') return { ...grown, head: line };
  if (line.kind !== 'entry') return grown;
  const { id } = JSON.parse(line.leaf ?? '{}') as { id?: unknown };
  return { ...grown, lastEntry: { sequence: line.sequence, id: String(id) } };
}

/** Where to write on: what was cut off within a line goes. */
export async function openAfter(path: string, { bytes }: Begun): Promise<FileHandle> {
  try {
    const file = await open(path, bytes === 0 ? 'w' : 'r+', 0o600);
    await file.truncate(bytes);
    return file;
  } catch (error) {
    throw new CliError(`${path} cannot be written: ${(error as Error).message}`);
  }
}
