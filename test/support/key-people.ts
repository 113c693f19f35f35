/** People of tenants who make access keys, and what is in the database about them. */
import { jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { testDatabaseServer, withClient } from './database.js';
import type { Answer, IdentityApp } from './identity-app.js';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly tenantId: string;
  readonly token: string;
  make(body?: object, headers?: Record<string, string>): Promise<Answer>;
  send(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

export class KeyPeople {
  constructor(private readonly rig: IdentityApp) {}

  /** In a tenant of their own, unless in that of somebody else. */
  async person(role: Role = 'Deployer', tenant?: Person): Promise<Person> {
    const { rig } = this;
    const slug = tenant?.slug ?? `t-${newId()}`;
    const tenantId = tenant?.tenantId ?? (await rig.tenant(slug));
    const name = `p-${newId()}`;
    const id = await rig.user(name, { [slug]: [role] });
    const token = (await rig.login(name)).body.accessToken as string;
    const send: Person['send'] = (method, path, body, headers = {}) =>
      rig.send(path, { method, token, headers, ...(body === undefined ? {} : { body }) });
    const make: Person['make'] = (body = {}, headers = {}) =>
      send('POST', 'access-keys', { name: 'ci', permissions: 'deploy', ...body }, headers);
    return { id, name, slug, tenantId, token, make, send };
  }

  inTenant<T>({ tenantId }: Person, work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.rig.db.transaction(Context.system(tenantId, 'test'), work);
  }

  /** Longer than an answer about a key is remembered, and short of what may pass until it takes effect. */
  later(ms = 4_500): void {
    this.rig.clock.advance(ms);
  }

  /** The library of the people's tokens goes by the machine's clock; restored by restoreAllMocks. */
  holdClock(): void {
    jest.spyOn(Date, 'now').mockImplementation(() => this.rig.clock.now());
  }

  async sql(text: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
    const [row] = await this.rig.db.system((tx) =>
      tx.query<{ name: string }>('select current_database() as name'),
    );
    const connection = { ...testDatabaseServer().superuser, database: row!.name };
    return withClient(connection, async (client) => (await client.query(text, parameters)).rows);
  }

  auditOf(id: string): Promise<Record<string, unknown>[]> {
    return this.sql(
      'select action, result, body_text as body from audit_entries where subject_id = $1 order by at',
      [id],
    );
  }

  async refusalsOf(id: string): Promise<object[]> {
    const entries = (await this.auditOf(id)).filter(
      ({ action }) => action === 'access-key-refused',
    );
    return entries.map(({ body }) => JSON.parse(body as string) as object);
  }
}
