/** A process that owns an embedded PostgreSQL until it is killed: `hold-postgres.ts <folder>`. */
import { startEmbeddedPostgres } from '../../../src/platform/database/embedded/embedded-postgres.js';

const dataDir = process.argv[2] ?? '';
const postgres = await startEmbeddedPostgres({
  dataDir,
  log: () => {},
  settings: { fsync: 'off' },
});
process.stdout.write(`${JSON.stringify(postgres)}\n`);
process.once('SIGTERM', () => void postgres.stop());
