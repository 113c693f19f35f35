/** A tenant with an Admin who has just signed in, and whoever else is needed. */
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import type { Answer, IdentityApp } from './identity-app.js';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Somebody of a tenant, signed in. */
export class Person {
  constructor(
    private readonly rig: IdentityApp,
    readonly id: string,
    readonly username: string,
    private token: string,
  ) {}

  get bearer(): string {
    return this.token;
  }

  send(method: Method, path: string, body?: unknown, version?: number): Promise<Answer> {
    const headers: Record<string, string> =
      version === undefined ? {} : { 'if-match': `"${version}"` };
    const { token } = this;
    return this.rig.send(path, { method, token, headers, ...(body === undefined ? {} : { body }) });
  }

  get(path: string) {
    return this.send('GET', path);
  }

  post(path: string, body: unknown) {
    return this.send('POST', path, body);
  }

  async again(): Promise<void> {
    this.token = (await this.rig.login(this.username)).body.accessToken;
  }
}

export async function tenantWithAdmin(rig: IdentityApp) {
  const slug = `t-${newId()}`;
  const tenantId = await rig.tenant(slug);
  const inTenant = <T>(work: (open: OpenContext) => Promise<T>) =>
    rig.db.transaction(Context.system(tenantId, 'test'), work);
  const person = async (...roles: Role[]): Promise<Person> => {
    const username = `p-${newId()}`;
    const id = await rig.user(username, { [slug]: roles });
    const { body } = await rig.login(username);
    return new Person(rig, id, username, body.accessToken);
  };
  const admin = await person('Admin');
  const role = async (name: string, ...permissions: string[]): Promise<Answer['body']> => {
    const made = await admin.post('roles', { name, permissions });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    return made.body;
  };
  const group = async (name = `g-${newId()}`): Promise<string> =>
    (await admin.post('groups', { name })).body.id;
  const give = (role: string, kind: string, id: string, scope: object = {}) =>
    admin.post('role-bindings', { role, subject: { kind, id }, ...scope });
  /** Who holds nothing but one of the tenant's own roles. */
  const holder = async (roleName: string): Promise<Person> => {
    const who = await person('Viewer');
    await inTenant((open) => removeRolesOf(open, { kind: 'user', id: who.id }));
    const given = await give(roleName, 'user', who.id);
    if (given.status !== 201) throw new Error(JSON.stringify(given.body));
    return who;
  };
  return { id: tenantId, slug, inTenant, person, admin, role, group, give, holder };
}
