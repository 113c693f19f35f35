/** Members of a tenant and invitations to it, over real HTTP with the real guard. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountMail } from '../../src/tenancy/account-mail.js';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import { Context } from '../../src/platform/context.js';
import { bindRole } from '../../src/tenancy/permissions/role-bindings.store.js';
import { catchMail } from '../support/caught-mail.js';
import { type Answer, type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';

const HOUR_MS = 3_600_000;
const PASSWORD = 'five boats on a green lake';

let rig: IdentityApp;
let acmeId: string;
beforeAll(async () => {
  rig = await identityApp();
  acmeId = await rig.tenant('acme');
  await rig.tenant('globex');
}, 60_000);
afterAll(() => rig.close());
// Tokens are checked by the machine's clock, too: they must not be of a day to come.
afterEach(() => rig.clock.advance(Date.now() - rig.clock.now()));

interface Someone {
  readonly id: string;
  readonly username: string;
  readonly token: string;
  readonly refreshToken: string;
}

let made = 0;
async function someone(role: Role, slug = 'acme'): Promise<Someone> {
  const username = `p${(made += 1)}`;
  const id = await rig.user(username, { [slug]: [role] });
  const { status, body } = await rig.login(username);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return { id, username, token: body.accessToken, refreshToken: body.refreshToken };
}

const put = (who: Someone, id: string, roles: unknown) =>
  rig.send(`users/${id}/roles`, { method: 'PUT', token: who.token, body: { roles } });
const remove = (who: Someone, id: string) =>
  rig.send(`users/${id}`, { method: 'DELETE', token: who.token });
const me = (token: string) => rig.send('authentication/me', { token });
const coded = ({ status, body }: Answer) => [status, body?.code];
const invite = (who: Someone, email: string, roles: unknown = [{ role: 'Viewer' }]) =>
  rig.send('users/invitations', { method: 'POST', token: who.token, body: { email, roles } });
const accept = (body: object, address?: string) =>
  rig.send('authentication/invitations/accept', {
    method: 'POST',
    body,
    ...(address ? { address } : {}),
  });
const tokenIn = (link: string) => link.split('#')[1]!;
const actionsOn = async (subjectId: string) => {
  const rows = await rig.db.transaction(Context.system(acmeId, 'test'), (open) =>
    open.tx.query<{ action: string }>(
      'select action from audit_entries where tenant_id = $1 and subject_id = $2 order by id',
      [acmeId, subjectId],
    ),
  );
  return rows.map(({ action }) => action);
};

describe('users of a tenant', () => {
  it('are its members, with what they hold, found by a part of their names', async () => {
    const admin = await someone('Admin');
    const other = await someone('Deployer');
    const stranger = await someone('Admin', 'globex');
    const { body } = await rig.send(`users?text=${other.username.toUpperCase()}`, admin);
    expect(body.items.map(({ id }: Someone) => id)).toContain(other.id);
    const found = await rig.send(`users/${other.id}`, admin);
    expect(found.body).toMatchObject({
      username: other.username,
      email: null,
      roles: [
        { role: 'Deployer', modules: null, environments: null, group: null, source: 'manual' },
      ],
      groups: [],
      source: 'manual',
      isDisabled: false,
    });
    const elsewhere = await rig.send(`users/${stranger.id}`, admin);
    const nowhere = await rig.send(`users/${newId()}`, admin);
    expect(coded(elsewhere)).toEqual([404, 'user-not-found']);
    expect({ ...elsewhere.body, id: 0, instance: 0 }).toEqual({
      ...nowhere.body,
      id: 0,
      instance: 0,
    });
    expect(coded(await rig.send('users', await someone('Deployer')))).toEqual([
      403,
      'permission-missing',
    ]);
  });

  it('3: take roles from the list alone, nothing else of a membership or an account', async () => {
    const admin = await someone('Admin');
    const other = await someone('Viewer');
    for (const more of [{ tenantId: newId() }, { isDisabled: false }, { email: 'a@b.example' }]) {
      const answer = await rig.send(`users/${other.id}/roles`, {
        method: 'PUT',
        token: admin.token,
        body: { roles: [], ...more },
      });
      expect(coded(answer)).toEqual([400, 'validation-failed']);
    }
  });

  it('11: whose roles change are signed out of this tenant within five seconds', async () => {
    const admin = await someone('Admin');
    const other = await someone('Viewer');
    await rig.user(`twice-${made}`, { acme: ['Viewer'], globex: ['Viewer'] });
    const there = await rig.login(`twice-${made}`, undefined, 'globex');
    const roles = [{ role: 'Operator', modules: ['payments'] }, { role: 'Viewer' }];
    const changed = await put(admin, other.id, roles);
    expect(changed.status).toBe(200);
    expect(changed.body.roles.map(({ role }: { role: string }) => role).sort()).toEqual([
      'Operator',
      'Viewer',
    ]);
    rig.clock.advance(4_999);
    expect((await me(other.token)).status).toBe(401);
    expect((await me(there.body.accessToken)).status).toBe(200);
    expect(await actionsOn(other.id)).toEqual(['user-roles-changed']);
    // The same again changes nothing, and signs nobody out.
    const again = (await rig.login(other.username)).body.accessToken;
    expect((await put(admin, other.id, roles)).status).toBe(200);
    rig.clock.advance(4_999);
    expect((await me(again)).status).toBe(200);
  });

  it('11: who are removed are out within five seconds, and keep their accounts', async () => {
    const admin = await someone('Admin');
    const other = await someone('Deployer');
    expect((await remove(admin, other.id)).status).toBe(204);
    rig.clock.advance(4_999);
    expect((await me(other.token)).status).toBe(401);
    const again = await rig.send('authentication/refresh', {
      method: 'POST',
      body: { refreshToken: other.refreshToken },
    });
    expect(again.status).toBe(401);
    expect(coded(await remove(admin, other.id))).toEqual([404, 'user-not-found']);
    const [left] = await rig.db.system((tx) =>
      tx.query('select username from users where id = $1', [other.id]),
    );
    expect(left).toEqual({ username: other.username });
    expect(await actionsOn(other.id)).toEqual(['user-removed']);
  });

  it('are given no role that does not exist, nor one of the platform', async () => {
    const admin = await someone('Admin');
    const other = await someone('Viewer');
    expect(coded(await put(admin, other.id, [{ role: 'Emperor' }]))).toEqual([422, 'role-unknown']);
    const platform = await put(admin, other.id, [{ role: 'PlatformAdmin' }]);
    expect(coded(platform)).toEqual([403, 'platform-role']);
  });

  it('are given and lose no more than who gives holds, unless that one manages roles', async () => {
    const helper = await someone('Viewer');
    const other = await someone('Viewer');
    await withOwnRole(helper.id, 'helpdesk', ['users:read', 'users:manage', 'fleet:read']);
    const token = (await rig.login(helper.username)).body.accessToken as string;
    const asHelper = { ...helper, token };
    expect(coded(await put(asHelper, other.id, [{ role: 'Admin' }]))).toEqual([
      403,
      'role-beyond-own',
    ]);
    const admin = await someone('Admin');
    expect(coded(await remove(asHelper, admin.id))).toEqual([403, 'role-beyond-own']);
    expect((await put(asHelper, other.id, [{ role: 'helpdesk' }])).status).toBe(200);
    expect(coded(await invite(asHelper, 'x@acme.example', [{ role: 'Admin' }]))).toEqual([
      403,
      'role-beyond-own',
    ]);
  });

  it('need a fresh proof of who changes their roles or invites more of them', async () => {
    const admin = await someone('Admin');
    rig.clock.advance(5 * 60_000);
    expect(coded(await put(admin, admin.id, [{ role: 'Admin' }]))).toEqual([
      403,
      'step-up-required',
    ]);
    expect(coded(await invite(admin, 'late@acme.example'))).toEqual([403, 'step-up-required']);
  });

  it('are never without an Admin, also when two take the role from each other at once', async () => {
    const slug = `duo-${newId().slice(-12)}`;
    await rig.tenant(slug);
    const [one, two] = [await someone('Admin', slug), await someone('Admin', slug)];
    const ends = await Promise.all([put(one, two.id, [{ role: 'Viewer' }]), remove(two, one.id)]);
    expect(ends.map(({ status }) => status).filter((status) => status < 300)).toHaveLength(1);
    const refused = ends.find(({ status }) => status >= 300)!;
    expect(['last-admin', 'unauthenticated', 'permission-missing']).toContain(refused.body.code);
    const left = await rig.db.system((tx) =>
      tx.query(
        `select 1 from role_bindings b join tenants t on t.id = b.tenant_id
         where t.slug = $1 and built_in_role = 'Admin'`,
        [slug],
      ),
    );
    expect(left).toHaveLength(1);
    const alone = await rig.tenant(`solo-${slug}`).then(() => someone('Admin', `solo-${slug}`));
    expect(coded(await put(alone, alone.id, [{ role: 'Viewer' }]))).toEqual([409, 'last-admin']);
    expect(coded(await remove(alone, alone.id))).toEqual([409, 'last-admin']);
  });
});

describe('an invitation', () => {
  it('makes an account with the name and password that the person chooses, once', async () => {
    const admin = await someone('Admin');
    const made = await invite(admin, 'Ada@Acme.example', [{ role: 'Deployer' }]);
    expect(made.status).toBe(201);
    const token = tokenIn(made.body.link);
    const answers = await Promise.all(
      ['ada', 'ada.two'].map((username) => accept({ token, username, password: PASSWORD })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const joined = answers.find(({ status }) => status === 200)!;
    expect(joined.body).toEqual({ username: expect.stringMatching(/^ada/), tenant: 'acme' });
    const signedIn = await rig.login('ADA@acme.example', PASSWORD);
    expect(signedIn.body.user).toMatchObject({ tenant: 'acme', roles: ['Deployer'] });
    expect((await rig.login(joined.body.username, PASSWORD)).status).toBe(200);
    const late = await accept({ token, username: 'other', password: PASSWORD });
    expect(coded(late)).toEqual([422, 'invitation-invalid']);
    expect(await actionsOn(made.body.id)).toEqual(['user-invited', 'invitation-accepted']);
    const { body } = await rig.send('users/invitations', admin);
    expect(JSON.stringify(body)).not.toContain(made.body.id);
  });

  it('says one thing of a token that is wrong, revoked, sent anew or over', async () => {
    const admin = await someone('Admin');
    const sent = async (email: string) => (await invite(admin, email)).body;
    const [revoked, resent, over] = [
      await sent('r1@acme.example'),
      await sent('r2@acme.example'),
      await sent('r3@acme.example'),
    ];
    const call = (path: string, method: 'DELETE' | 'POST') =>
      rig.send(`users/invitations/${path}`, { method, token: admin.token });
    expect((await call(revoked.id, 'DELETE')).status).toBe(204);
    const anew = await call(`${resent.id}/resend`, 'POST');
    expect(anew.status).toBe(200);
    rig.clock.advance(71 * HOUR_MS);
    // From elsewhere: what fails there in days to come does not count here.
    const late = (body: object) => accept(body, '198.51.100.9');
    const body = (link: string) => ({
      token: tokenIn(link),
      username: newName(),
      password: PASSWORD,
    });
    const answers = [
      await late({ token: 'tgi_nothing', username: newName(), password: PASSWORD }),
      await late(body(`#tgi_${'0'.repeat(64)}`)),
      await late(body(revoked.link)),
      await late(body(resent.link)),
    ];
    expect((await late(body(anew.body.link))).status).toBe(200);
    rig.clock.advance(2 * HOUR_MS);
    answers.push(await late(body(over.link)));
    const told = answers.map((answer) => [...coded(answer), answer.body.detail]);
    expect(new Set(told.map(String)).size).toBe(1);
    expect(told[0]).toEqual([422, 'invitation-invalid', expect.stringContaining('72 hours')]);
  });

  it('for an address that has an account joins it only by its password or its session', async () => {
    const admin = await someone('Admin');
    const owner = await someone('Viewer', 'globex');
    await setEmail(owner.id, 'owner@globex.example');
    const { body } = await invite(admin, 'owner@globex.example', [{ role: 'Viewer' }]);
    const token = tokenIn(body.link);
    const taken = await accept({ token, username: 'owner', password: PASSWORD });
    expect(coded(taken)).toEqual([409, 'invitation-needs-account']);
    const asMyself = (who: Someone) =>
      rig.send('me/invitations/accept', { method: 'POST', token: who.token, body: { token } });
    const other = await someone('Viewer', 'globex');
    expect(coded(await asMyself(other))).toEqual([403, 'invitation-for-another']);
    expect((await asMyself(owner)).body).toEqual({ username: owner.username, tenant: 'acme' });
    const there = await rig.login(owner.username, undefined, 'acme');
    expect(there.body.user.tenant).toBe('acme');
    // Removed from all tenants nobody can sign in; the password says that the account is theirs.
    await remove(admin, owner.id);
    const again = await invite(admin, 'owner@globex.example');
    const byPassword = { token: tokenIn(again.body.link), password: passwordOf(owner.username) };
    expect((await accept(byPassword)).status).toBe(200);
  });

  it('dies with the power of whoever has made it', async () => {
    const admin = await someone('Admin');
    const rogue = await someone('Admin');
    const { body } = await invite(rogue, 'friend@acme.example', [{ role: 'Admin' }]);
    await remove(admin, rogue.id);
    const answer = await accept({
      token: tokenIn(body.link),
      username: newName(),
      password: PASSWORD,
    });
    expect(coded(answer)).toEqual([422, 'invitation-invalid']);
  });

  it('is one for each address, none for a member, and not for other tenants’ eyes', async () => {
    const admin = await someone('Admin');
    const stranger = await someone('Admin', 'globex');
    const { body } = await invite(admin, 'once@acme.example');
    expect(coded(await invite(admin, 'ONCE@acme.example'))).toEqual([409, 'invitation-exists']);
    await setEmail(admin.id, 'admin@acme.example');
    expect(coded(await invite(admin, 'Admin@acme.example'))).toEqual([409, 'already-member']);
    for (const [method, path] of [
      ['DELETE', body.id],
      ['POST', `${body.id}/resend`],
    ] as const) {
      const answer = await rig.send(`users/invitations/${path}`, { method, token: stranger.token });
      expect(coded(answer)).toEqual([404, 'invitation-not-found']);
    }
    const list = await rig.send('users/invitations', stranger);
    expect(list.body.items).toEqual([]);
    expect((await invite(stranger, 'once@acme.example')).status).toBe(201);
  });

  it('is in the database as a digest only, and guesses at it are slowed', async () => {
    const admin = await someone('Admin');
    const { body } = await invite(admin, 'digest@acme.example');
    const rows = await rig.db.system((tx) =>
      tx.query('select c::text from credentials c where tenant_id = $1', [acmeId]),
    );
    expect(JSON.stringify(rows)).toContain('digest@acme.example');
    expect(JSON.stringify(rows)).not.toContain(tokenIn(body.link).slice(4));
    const guess = () =>
      accept({ token: 'tgi_guess', username: newName(), password: PASSWORD }, '203.0.113.7');
    const codes: string[] = [];
    for (let count = 0; count < 8; count += 1) codes.push((await guess()).body.code);
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('invitation-invalid'));
    expect(codes.at(-1)).toBe('login-throttled');
    const elsewhere = await accept({
      token: tokenIn(body.link),
      username: newName(),
      password: PASSWORD,
    });
    expect(elsewhere.status).toBe(200);
  });

  it('goes by mail where there is mail, and then its link is shown to nobody', async () => {
    const admin = await someone('Admin');
    const mail = catchMail(rig);
    try {
      const { body } = await invite(admin, 'mailed@acme.example');
      expect(body.link).toBeNull();
      expect(mail.letters).toMatchObject([{ to: 'mailed@acme.example', tenantId: acmeId }]);
      const send = () => Promise.reject(new Error(mail.letters[0]!.link));
      Object.assign(rig.app.get(AccountMail), { sendInvitation: send });
      const lost = await invite(admin, 'lost@acme.example');
      expect(coded(lost)).toEqual([503, 'invitation-not-sent']);
      expect(JSON.stringify(lost.body)).not.toContain('tgi_');
    } finally {
      mail.turnOff();
    }
    const joined = await accept({
      token: mail.tokenTo('mailed@acme.example'),
      username: newName(),
      password: PASSWORD,
    });
    expect(joined.status).toBe(200);
  });
});

describe('an installation with mail', () => {
  it('queues the invitation, sealed, and shows its link to nobody', async () => {
    const app = await identityApp({
      environment: {
        TIDEGATE_SMTP_URL: 'smtp://127.0.0.1:9',
        TIDEGATE_MAIL_FROM: 'tidegate@acme.example',
        TIDEGATE_PUBLIC_URL: 'http://localhost:8080',
      },
    });
    try {
      await app.tenant('acme');
      await app.user('boss', { acme: ['Admin'] });
      const token = (await app.login('boss')).body.accessToken as string;
      const body = { email: 'ada@acme.example', roles: [{ role: 'Viewer' }] };
      const made = await app.send('users/invitations', { method: 'POST', token, body });
      expect([made.status, made.body.link]).toEqual([201, null]);
      const asked = { email: 'nobody@acme.example' };
      const reset = await app.send('authentication/password-reset', {
        method: 'POST',
        body: asked,
      });
      expect(reset.status).toBe(204);
      const rows = await app.db.system((tx) => tx.query('select m::text, kind from mail_outbox m'));
      expect(rows).toMatchObject([{ kind: 'invitation' }]);
      expect(JSON.stringify(rows)).not.toMatch(/tgi_|ada@acme/);
    } finally {
      await app.close();
    }
  });
});

let names = 0;
const newName = () => `newcomer-${(names += 1)}`;

async function setEmail(userId: string, email: string): Promise<void> {
  await rig.db.system((tx) =>
    tx.execute('update users set email = $2, email_key = $2 where id = $1', [userId, email]),
  );
}

async function withOwnRole(userId: string, name: string, permissions: string[]): Promise<void> {
  await rig.db.transaction(Context.system(acmeId, 'test'), async (open) => {
    const id = newId();
    await open.tx.execute(
      'insert into roles (tenant_id, id, name, name_key, permissions) values ($1, $2, $3, $3, $4)',
      [acmeId, id, name, permissions],
    );
    await bindRole(open, { role: { id }, subject: { kind: 'user', id: userId } });
  });
}
