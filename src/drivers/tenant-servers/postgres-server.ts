import { Client } from 'pg';
import { TerminalError } from '../../kernel/errors.js';
import {
  type ConnectionOptions,
  connectionOptionsOf,
} from '../../platform/database/connection-options.js';
import { scramVerifier } from './scram-verifier.js';
import {
  TakenThere,
  type TenantOwner,
  type TenantServer,
  type TenantServerStep,
  unlessTaken,
} from './tenant-server.js';

const CONNECT_MS = 5_000;
/** Dropping hundreds of tables takes a while. */
const STATEMENT_MS = 30_000;
/** Tables in one transaction: each takes a lock, and the server has places for a few thousand. */
const TABLES = 100;
const CONNECTIONS_PER_TENANT = 20;

/** Which installation a server is of, to know it again under another name. */
export const SYSTEM_IDENTIFIER = 'select system_identifier::text as id from pg_control_system()';

/** A role and a schema of its own for each tenant, both `tenant_<slug>`, in one database. */
export class PostgresTenantServer implements TenantServer {
  readonly kind = 'postgres';
  readonly place: TenantServer['place'];
  readonly steps: readonly TenantServerStep[] = [
    {
      kind: 'postgres-role',
      title: 'Make the role',
      run: (owner, verifier) => this.work((client) => makeRole(client, owner, verifier)),
      undo: (owner) => unlessTaken(() => this.work((client) => removeRole(client, owner))),
    },
    {
      kind: 'postgres-schema',
      title: 'Make the schema',
      run: (owner) => this.work((client) => makeSchema(client, owner)),
      undo: (owner) => unlessTaken(() => this.work((client) => removeSchema(client, owner))),
    },
  ];

  private readonly connection: ConnectionOptions;
  private isApart = false;

  /** `platformId`: of the platform's own server, by SYSTEM_IDENTIFIER. */
  constructor(
    url: string,
    private readonly platformId: () => Promise<string>,
  ) {
    this.connection = connectionOptionsOf(url);
    const { host, port, database } = this.connection;
    this.place = { host, port, database };
  }

  verifierOf(password: string): string {
    return scramVerifier(password);
  }

  usernameOf(slug: string): string {
    return nameOf(slug);
  }

  namespaceOf(slug: string): string {
    return nameOf(slug);
  }

  setPassword(owner: TenantOwner, verifier: string): Promise<void> {
    return this.work(async (client) => {
      const role = await ownRole(client, owner);
      if (role === undefined) throw new TerminalError('tenant-role-missing', MISSING);
      await client.query(`alter role ${role} password ${client.escapeLiteral(verifier)}`);
    });
  }

  private async work<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const { tls, role: _role, ...rest } = this.connection;
    const client = new Client({
      ...rest,
      ...(tls ? { ssl: true } : {}),
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: STATEMENT_MS,
      statement_timeout: STATEMENT_MS,
      application_name: 'tidegate tenants',
    });
    // Told by the call that is under way.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await this.refuseOwn(client);
      return await use(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async refuseOwn(client: Client): Promise<void> {
    if (this.isApart) return;
    const { rows } = await client.query<{ id: string }>(SYSTEM_IDENTIFIER);
    if (rows[0]?.id === (await this.platformId())) {
      throw new TerminalError(
        'tenant-server-is-platform',
        'TENANT_DATABASE_URL is the platform’s own PostgreSQL server. Give tenants another server, not only another database.',
      );
    }
    this.isApart = true;
  }
}

const MISSING = 'The role of the tenant is not there: provision the tenant first.';

/** Slugs have 56 characters at most, so that this has 63. */
function nameOf(slug: string): string {
  return `tenant_${slug}`;
}

/** So that a role that somebody else has made is never taken for the tenant's. */
const markOf = ({ tenantId }: TenantOwner) => `tidegate tenant ${tenantId}`;

/** Its name, quoted; undefined: there is none. Throws TerminalError when it is somebody else's. */
async function ownRole(client: Client, owner: TenantOwner): Promise<string | undefined> {
  const name = nameOf(owner.slug);
  const { rows } = await client.query<{ mark: string | null }>(
    `select shobj_description(oid, 'pg_authid') as mark from pg_roles where rolname = $1`,
    [name],
  );
  const [found] = rows;
  if (!found) return undefined;
  if (found.mark === markOf(owner)) return client.escapeIdentifier(name);
  throw new TakenThere(
    'tenant-role-taken',
    `There is a role "${name}" on the tenants' PostgreSQL server that is not this tenant's. Rename it.`,
  );
}

async function makeRole(client: Client, owner: TenantOwner, verifier: string): Promise<void> {
  const role = client.escapeIdentifier(nameOf(owner.slug));
  const login = `login password ${client.escapeLiteral(verifier)} connection limit ${CONNECTIONS_PER_TENANT}`;
  if ((await ownRole(client, owner)) !== undefined) {
    await client.query(`alter role ${role} ${login}`);
    return;
  }
  // Together: a role without its mark would be nobody's.
  await client.query('begin');
  await client.query(`create role ${role} ${login}`);
  await client.query(`comment on role ${role} is ${client.escapeLiteral(markOf(owner))}`);
  await client.query('commit');
}

async function makeSchema(client: Client, owner: TenantOwner): Promise<void> {
  const role = await ownRole(client, owner);
  if (role === undefined) throw new TerminalError('tenant-role-missing', MISSING);
  const name = nameOf(owner.slug);
  const { rows } = await client.query<{ owner: string }>(
    'select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = $1',
    [name],
  );
  if (rows[0] && rows[0].owner !== name) {
    throw new TakenThere(
      'tenant-schema-taken',
      `There is a schema "${name}" on the tenants' PostgreSQL server that is not this tenant's. Rename it.`,
    );
  }
  await beMember(client, role);
  const schema = client.escapeIdentifier(name);
  const { database } = (
    await client.query<{ database: string }>('select current_database() as database')
  ).rows[0]!;
  const at = client.escapeIdentifier(database);
  await client.query(`create schema if not exists ${schema} authorization ${role}`);
  await client.query(`grant connect on database ${at} to ${role}`);
  await client.query(`alter role ${role} in database ${at} set search_path = ${schema}`);
}

/** Who is no superuser makes and drops things of a role only as its member. */
async function beMember(client: Client, role: string): Promise<void> {
  const { rows } = await client.query<{ super: boolean }>(
    'select rolsuper as super from pg_roles where rolname = current_user',
  );
  if (!rows[0]?.super) await client.query(`grant ${role} to current_user`);
}

/** The tables first, some at a time; then what is left of it. */
async function removeSchema(client: Client, owner: TenantOwner): Promise<boolean> {
  const role = await ownRole(client, owner);
  if (role === undefined) return true;
  await beMember(client, role);
  await shutOut(client, owner, role);
  const name = nameOf(owner.slug);
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and pg_get_userbyid(n.nspowner) = $1 and c.relkind in ('r', 'p')
       and not c.relispartition order by c.oid limit ${TABLES}`,
    [name],
  );
  if (rows.length > 0) {
    await client.query(`drop table if exists ${rows.map((row) => row.name).join(', ')} cascade`);
  }
  if (rows.length === TABLES) return false;
  const { rowCount } = await client.query(
    'select 1 from pg_namespace where nspname = $1 and pg_get_userbyid(nspowner) = $1',
    [name],
  );
  if (rowCount) await client.query(`drop schema ${client.escapeIdentifier(name)} cascade`);
  return true;
}

async function removeRole(client: Client, owner: TenantOwner): Promise<boolean> {
  const role = await ownRole(client, owner);
  if (role === undefined) return true;
  await beMember(client, role);
  await shutOut(client, owner, role);
  await client.query('begin');
  await client.query(`drop owned by ${role} cascade`);
  await client.query(`drop role ${role}`);
  await client.query('commit');
  return true;
}

/** What is open would hold locks, and write on. */
async function shutOut(client: Client, { slug }: TenantOwner, role: string): Promise<void> {
  await client.query(`alter role ${role} nologin`);
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and pid <> pg_backend_pid()',
    [nameOf(slug)],
  );
}
