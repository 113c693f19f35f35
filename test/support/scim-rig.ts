/** A tenant with a directory that speaks SCIM, and people who come by its invitations. */
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import { bindRole } from '../../src/tenancy/permissions/role-bindings.store.js';
import type { Answer, IdentityApp, Request } from './identity-app.js';

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PASSWORD = 'five boats on a green lake';

export interface Came {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

export class Directory {
  private constructor(
    readonly rig: IdentityApp,
    readonly slug: string,
    readonly tenantId: string,
    readonly admin: Came,
    readonly made: Answer,
  ) {}

  static async connect(rig: IdentityApp, body: object = {}): Promise<Directory> {
    const slug = `d-${newId()}`;
    const tenantId = await rig.tenant(slug);
    const admin = await personIn(rig, slug, 'Admin');
    const made = await rig.send('directory-tokens', {
      method: 'POST',
      token: admin.token,
      body: { name: 'Entra ID', ...body },
    });
    return new Directory(rig, slug, tenantId, admin, made);
  }

  get secret(): string {
    return this.made.body.secret as string;
  }

  person(role: Role): Promise<Came> {
    return personIn(this.rig, this.slug, role);
  }

  scim(
    method: Request['method'],
    path: string,
    body?: unknown,
    more: Request = {},
  ): Promise<Answer> {
    const headers = { 'content-type': 'application/scim+json; charset=utf-8', ...more.headers };
    return this.rig.send(`/scim/v2/${path}`, {
      token: this.secret,
      ...more,
      method: method!,
      headers: body === undefined ? (more.headers ?? {}) : headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  patch(path: string, ...operations: object[]): Promise<Answer> {
    return this.scim('PATCH', path, { schemas: [PATCH_OP], Operations: operations });
  }

  async user(facts: object = {}): Promise<{ readonly id: string; readonly userName: string }> {
    const userName = `u-${newId()}@example.org`;
    const answer = await this.scim('POST', 'Users', { schemas: [USER_SCHEMA], userName, ...facts });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return { id: answer.body.id as string, userName: answer.body.userName as string };
  }

  async group(displayName: string, ...memberIds: string[]): Promise<string> {
    const members = memberIds.map((value) => ({ value }));
    const body = { schemas: [GROUP_SCHEMA], displayName, members };
    const answer = await this.scim('POST', 'Groups', body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.id as string;
  }

  invite(id: string, by = this.admin): Promise<Answer> {
    return this.rig.send(`directory-users/${id}/invite`, { method: 'POST', token: by.token });
  }

  async linkTo(id: string): Promise<string> {
    const { body } = await this.invite(id);
    return (body.link as string).split('#')[1]!;
  }

  /** With an account of their own, made by the link that the Admin has seen. */
  async come(id: string): Promise<Came> {
    const username = `came-${newId()}`;
    const accepted = await this.rig.send('authentication/invitations/accept', {
      method: 'POST',
      body: { token: await this.linkTo(id), username, password: PASSWORD },
    });
    if (accepted.status !== 200) throw new Error(JSON.stringify(accepted.body));
    return this.signIn(username);
  }

  async signIn(username: string): Promise<Came> {
    const { status, body } = await this.rig.login(username, PASSWORD);
    if (status !== 200) throw new Error(JSON.stringify(body));
    const me = await this.rig.send('authentication/me', { token: body.accessToken });
    return { id: me.body.userId ?? me.body.id, username, token: body.accessToken };
  }

  bind(groupId: string, role: Role): Promise<unknown> {
    return this.inTenant((open) =>
      bindRole(open, { role, subject: { kind: 'group', id: groupId } }),
    );
  }

  inTenant<T>(work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.rig.db.transaction(Context.system(this.tenantId, 'test'), work);
  }

  async audit(subjectId: string): Promise<{ action: string; actor: string; body: unknown }[]> {
    const rows = await this.inTenant((open) =>
      open.tx.query<{ action: string; actor: string; body: string }>(
        'select action, actor, body_text as body from audit_entries where tenant_id = $1 and subject_id = $2 order by id',
        [this.tenantId, subjectId],
      ),
    );
    return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as unknown }));
  }
}

async function personIn(rig: IdentityApp, slug: string, role: Role): Promise<Came> {
  const username = `p-${newId()}`;
  const id = await rig.user(username, { [slug]: [role] });
  const { body } = await rig.login(username);
  return { id, username, token: body.accessToken as string };
}
