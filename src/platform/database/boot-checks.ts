import { ConfigError } from '../config/config-error.js';
import type { Database } from './database.js';

interface RoleRow {
  readonly name: string;
  readonly bypasses: boolean;
  readonly owns: boolean;
}

const ROLE_SQL = `select current_user as name,
    (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as bypasses,
    exists (select 1 from pg_class where relname = 'deployments'
      and pg_has_role(current_user, relowner, 'USAGE')) as owns`;

/**
 * Refuses to start with a database role that row-level security would not hold: a superuser, one
 * with BYPASSRLS, or the owner of the tables.
 */
export async function checkRoles(database: Database): Promise<void> {
  const problems: string[] = [];
  for (const row of await database.eachRole<RoleRow>(ROLE_SQL)) {
    if (row.bypasses) {
      problems.push(
        `The database role "${row.name}" bypasses row-level security: use another one.`,
      );
    }
    if (row.owns) {
      problems.push(`The database role "${row.name}" owns the tables: use tidegate_app instead.`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}
