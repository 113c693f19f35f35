/**
 * The roles of a database of the platform's own, and its database. The application's roles own
 * nothing and can bypass nothing; the owner is for migrations only.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { Client } from 'pg';
import type { ConnectionOptions } from '../connection-options.js';

export interface DatabaseAccess {
  app: ConnectionOptions;
  system: ConnectionOptions;
  owner: ConnectionOptions;
}

export interface RoleOptions {
  database: string;
  /** Where the roles' random passwords are kept (0600). */
  passwordFile: string;
}

const loginRoles = {
  owner: { role: 'tidegate_owner', settings: {} },
  app: {
    role: 'tidegate_app',
    settings: {
      statement_timeout: '15s',
      lock_timeout: '5s',
      idle_in_transaction_session_timeout: '20s',
    },
  },
  system: {
    role: 'tidegate_system',
    settings: {
      statement_timeout: '60s',
      lock_timeout: '5s',
      idle_in_transaction_session_timeout: '60s',
    },
  },
} as const;

/** Any number that nothing else in the superuser's database locks. */
const lockKey = 0x726f6c65;

type RoleName = keyof typeof loginRoles;
type Passwords = Record<RoleName, string>;

const never = 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls';

export async function ensureRoles(
  superuserConnection: ConnectionOptions,
  options: RoleOptions,
): Promise<DatabaseAccess> {
  return withClient(superuserConnection, async (client) => {
    // A command beside a starting platform: one of them makes the roles, with one set of passwords.
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    const passwords = await passwordsIn(options.passwordFile);
    await ensureAllRoles(client, passwords);
    await ensureDatabase(superuserConnection, options.database);
    return accessTo(superuserConnection, options.database, passwords);
  });
}

async function ensureAllRoles(client: Client, passwords: Passwords): Promise<void> {
  for (const [name, { role, settings }] of Object.entries(loginRoles)) {
    await ensureRole(client, role);
    const password = passwords[name as RoleName];
    // NOINHERIT: the owner has the backfill role's policies only while it has set that role.
    await client.query(
      `alter role ${role} login noinherit ${never} password ${client.escapeLiteral(password)}`,
    );
    for (const [setting, value] of Object.entries(settings)) {
      await client.query(`alter role ${role} set ${setting} = '${value}'`);
    }
  }
  await ensureRole(client, 'tidegate_backfill');
  await client.query(`alter role tidegate_backfill nologin ${never}`);
  await client.query('grant tidegate_backfill to tidegate_owner');
}

/** Makes a database that belongs to the owner and is open to the platform's roles only. */
export async function ensureDatabase(
  superuserConnection: ConnectionOptions,
  name: string,
  template?: string,
): Promise<void> {
  await withClient(superuserConnection, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    const database = client.escapeIdentifier(name);
    if (rowCount === 0) {
      const from = template === undefined ? '' : ` template ${client.escapeIdentifier(template)}`;
      await client.query(`create database ${database} owner tidegate_owner${from}`);
    }
    await client.query(`revoke all on database ${database} from public`);
    await client.query(`grant connect on database ${database} to tidegate_app, tidegate_system`);
  });
  // A copy of a template has its schema's owner already.
  if (template !== undefined) return;
  // By name: what a NOINHERIT owner is through pg_database_owner does not count on PostgreSQL 15.
  await withClient({ ...superuserConnection, database: name }, (client) =>
    client.query('alter schema public owner to tidegate_owner'),
  );
}

async function withClient<T>(
  connection: ConnectionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...connection });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function accessTo(
  server: { host: string; port: number },
  database: string,
  passwords: Passwords,
): DatabaseAccess {
  const as = (name: RoleName): ConnectionOptions => ({
    host: server.host,
    port: server.port,
    user: loginRoles[name].role,
    password: passwords[name],
    database,
  });
  return { app: as('app'), system: as('system'), owner: as('owner') };
}

async function ensureRole(client: Client, role: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  if (rowCount === 0) await client.query(`create role ${role} noinherit ${never}`);
}

async function passwordsIn(path: string): Promise<Passwords> {
  const random = () => randomBytes(24).toString('base64url');
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const kept = parse(text);
  const passwords: Passwords = {
    owner: kept.owner ?? random(),
    app: kept.app ?? random(),
    system: kept.system ?? random(),
  };
  await writeFile(`${path}.new`, JSON.stringify(passwords), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return passwords;
}

function parse(text: string): Partial<Passwords> {
  try {
    return JSON.parse(text) as Partial<Passwords>;
  } catch {
    // A file that cannot be read is made anew: the roles get the new passwords at once.
    return {};
  }
}
