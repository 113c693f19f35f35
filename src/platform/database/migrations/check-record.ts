/** Compares what the database remembers with the files that are here. Pure: it says, others refuse. */
import { DomainError } from '../../../kernel/errors.js';
import { directions, type Migration, timestampOf } from './migration-files.js';
import type { Applied } from './migration-record.js';

export interface MigrationState {
  readonly name: string;
  /** `unchecked`: applied by a version that kept no checksums, and not compared yet. */
  readonly state: 'applied' | 'unchecked' | 'edited' | 'pending' | 'unknown';
}

export function statesOf(
  files: readonly Migration[],
  applied: readonly Applied[],
): MigrationState[] {
  const done = applied.map((each) => ({ name: each.name, state: stateOf(files, each) }));
  const pending = files
    .filter(({ name }) => !applied.some((each) => each.name === name))
    .map(({ name }) => ({ name, state: 'pending' as const }));
  return [...done, ...pending];
}

function stateOf(files: readonly Migration[], applied: Applied): MigrationState['state'] {
  const file = files.find(({ name }) => name === applied.name);
  if (!file) return 'unknown';
  if (applied.up === null) return 'unchecked';
  return directions.every((direction) => applied[direction] === file[direction].checksum)
    ? 'applied'
    : 'edited';
}

/** Throws when the files cannot have made this database, or not in this order. */
export function refuseForeign(files: readonly Migration[], applied: readonly Applied[]): void {
  refuseUnknown(files, applied);
  refuseGap(files, applied);
  refuseEdited(files, applied);
}

/** Migrations add first, so that processes of the version before go on with what is newer than they are. */
export function refuseForeignToReader(
  files: readonly Migration[],
  applied: readonly Applied[],
): void {
  const newest = files.at(-1)?.timestamp ?? 0;
  refuseForeign(
    files,
    applied.filter(({ name }) => timestampOf(name) <= newest),
  );
}

function refuseUnknown(files: readonly Migration[], applied: readonly Applied[]): void {
  const unknown = applied.filter(({ name }) => !files.some((file) => file.name === name));
  if (unknown.length === 0) return;
  const newest = files.at(-1)?.timestamp ?? 0;
  const names = unknown.map(({ name }) => name).join(', ');
  if (unknown.every(({ name }) => timestampOf(name) > newest)) {
    throw new DomainError(
      'conflict',
      'database-newer',
      `The database has migrations that this version does not know (${names}): run the newer version. ${orAnother}`,
    );
  }
  throw new DomainError(
    'conflict',
    'database-of-another-version',
    `The database has migrations that are not in migrations/ (${names}): run the version that it was made by. ${orAnother}`,
  );
}

/** Applied after what is newer, a migration may mean something else than in a fresh database. */
function refuseGap(files: readonly Migration[], applied: readonly Applied[]): void {
  const newest = Math.max(0, ...applied.map(({ name }) => timestampOf(name)));
  const passedOver = files.filter(
    ({ name, timestamp }) => timestamp < newest && !applied.some((each) => each.name === name),
  );
  if (passedOver.length === 0) return;
  throw new DomainError(
    'conflict',
    'migration-passed-over',
    `The database has newer migrations than ${passedOver.map(({ up }) => up.path).join(', ')}, which it lacks: take the newer ones back ("npm run migrate -- down" with the version that applied them), or give that file a timestamp of today if it has been applied nowhere. ${orAnother}`,
  );
}

function refuseEdited(files: readonly Migration[], applied: readonly Applied[]): void {
  const edited = files.flatMap((file) => {
    const record = applied.find(({ name }) => name === file.name);
    if (!record || record.up === null) return [];
    return directions
      .filter((direction) => record[direction] !== file[direction].checksum)
      .map((direction) => file[direction].path);
  });
  if (edited.length === 0) return;
  throw new DomainError(
    'conflict',
    'migration-edited',
    `Changed since this database was made by it: ${edited.join(', ')}. Put the file back as it was (git log --follow -p ${edited[0]}), and make the change a migration of its own; or run the version that made the database. ${orAnother}`,
  );
}

/** Whoever only tries Tidegate out may lose nothing by it. */
const orAnother =
  'Nothing was changed. To begin with an empty database, name another TIDEGATE_HOME or DATABASE_URL.';
