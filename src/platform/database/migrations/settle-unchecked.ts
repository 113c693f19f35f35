/**
 * A database from before checksums: nobody knows from which files it was made. It is compared with what
 * these files make, and only if there is no difference their checksums are taken for its own.
 */
import type { Client } from 'pg';
import { DomainError } from '../../../kernel/errors.js';
import type { Migration } from './migration-files.js';
import { type Applied, recordChecksums } from './migration-record.js';
import { asking, shapeMadeBy } from './rolled-back.js';
import { type Difference, differencesOf, inWords, shapeOf } from './schema-shape.js';

/** More are told by `migrate -- status`. */
const TOLD_DIFFERENCES = 3;

export async function settleUnchecked(
  client: Client,
  files: readonly Migration[],
  applied: readonly Applied[],
): Promise<void> {
  const unchecked = applied.filter(({ up }) => up === null);
  if (unchecked.length === 0) return;
  const found = await differencesToFiles(client, files, applied);
  if (found.length > 0) throw differs(found);
  const ask = asking(client);
  for (const { name } of unchecked) await recordChecksums(ask, fileOf(files, name));
}

export async function differencesToFiles(
  client: Client,
  files: readonly Migration[],
  applied: readonly Applied[],
): Promise<Difference[]> {
  const made = applied.map(({ name }) => fileOf(files, name));
  return differencesOf(await shapeOf(asking(client)), await shapeMadeBy(client, made));
}

function fileOf(files: readonly Migration[], name: string): Migration {
  return files.find((file) => file.name === name)!;
}

function differs(found: readonly Difference[]): DomainError {
  const told = found.slice(0, TOLD_DIFFERENCES).map(inWords).join('; ');
  const more = found.length > TOLD_DIFFERENCES ? `; ${found.length - TOLD_DIFFERENCES} more` : '';
  return new DomainError(
    'conflict',
    'schema-differs',
    `This database was made by other migrations than those in migrations/, though they have the same names: ${told}${more}. ` +
      'Nothing was changed. Run the version that made it; or give it the shape that is missing ("npm run migrate -- status" names every difference) and start again; ' +
      'or begin with an empty database: name another TIDEGATE_HOME or DATABASE_URL.',
    { details: { differences: found.map(inWords) } },
  );
}
