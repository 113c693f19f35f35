import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../../kernel/tlog/checkpoint.js';
import type { NoteVerifier } from '../../../kernel/tlog/note.js';
import type { KeptCheckpoint } from '../../../kernel/tlog/verify-export.js';
import { CliError } from '../exit-codes.js';

export interface Kept {
  readonly checkpoints: readonly KeptCheckpoint[];
  /** In folders: files that are no checkpoint which a trusted key has signed. */
  readonly strangers: number;
}

const FILES = 100_000;
const BYTES = 64 * 1024;

/**
 * Checkpoints that were kept: single files, and folders with all below them, as an anchor keeps them.
 * A file that is named itself has to be one; what else lies in a folder is counted.
 */
export async function readKept(
  paths: readonly string[],
  trusted: readonly NoteVerifier[],
): Promise<Kept> {
  const checkpoints: KeptCheckpoint[] = [];
  let strangers = 0;
  for (const path of paths) {
    const isFolder = (await facts(path)).isDirectory();
    for (const file of isFolder ? await filesIn(path) : [path]) {
      try {
        const checkpoint = openCheckpoint(await textOf(file), trusted);
        checkpoints.push({ whose: file, checkpoint });
      } catch (error) {
        if (!isFolder) throw new CliError(`${file}: ${(error as Error).message}.`);
        strangers += 1;
      }
    }
  }
  return { checkpoints, strangers };
}

const facts = (path: string) =>
  stat(path).catch((error: unknown) => {
    throw new CliError(`The checkpoints cannot be read: ${(error as Error).message}`);
  });

async function filesIn(folder: string): Promise<string[]> {
  const found: Dirent[] = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = found.filter((each) => each.isFile());
  if (files.length > FILES) throw new CliError(`${folder} has more than ${FILES} files.`);
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort();
}

async function textOf(file: string): Promise<string> {
  if ((await facts(file)).size > BYTES) throw new Error('larger than a checkpoint is');
  return readFile(file, 'utf8');
}
