/** SCIM over real HTTP: whom a directory brings, puts out, and what it cannot do. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import type { Answer, IdentityApp } from '../support/identity-app.js';
import { identityApp } from '../support/identity-app.js';
import { Directory, USER_SCHEMA } from '../support/scim-rig.js';

let rig: IdentityApp;
beforeAll(async () => {
  rig = await identityApp();
}, 60_000);
afterAll(() => rig.close());
afterEach(() => {
  jest.restoreAllMocks();
  rig.clock.advance(Math.max(0, Date.now() - rig.clock.now()));
});

const coded = ({ status, body }: Answer) => [
  status,
  body?.scimType,
  /\[([a-z-]*)\]$/.exec(body?.detail)?.[1],
];
const filtered = (d: Directory, path: string, filter: string) =>
  d.scim('GET', `${path}?filter=${encodeURIComponent(filter)}`);
const isIn = async (token: string) => (await rig.send('authentication/me', { token })).status;
/** Longer than a process remembers a session. */
const later = () => rig.clock.advance(4_500);
const rolesOf = async (d: Directory, id: string) => {
  const { body } = await rig.send(`users/${id}`, { token: d.admin.token });
  return body.roles?.map(({ role, group }: Record<string, string>) => [role, group]);
};

describe('somebody whom a directory has told of', () => {
  it('holds nothing until they come by its invitation, and then what their groups hold', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user({ externalId: 'ext-1', active: true });
    const group = await d.group('Payments', user.id);
    await d.bind(group, 'Deployer');
    const before = await rig.send('users', { token: d.admin.token });
    expect(before.body.items).toHaveLength(1);
    const came = await d.come(user.id);
    expect(await rolesOf(d, came.id)).toEqual([['Deployer', 'Payments']]);
    const member = await rig.send(`users/${came.id}`, { token: d.admin.token });
    expect(member.body).toMatchObject({ source: 'scim', email: user.userName });
    const waiting = await rig.send('directory-users', { token: d.admin.token });
    expect(waiting.body.items).toMatchObject([
      { state: 'member', userId: came.id, groups: ['Payments'] },
    ]);
    const actions = (await d.audit(user.id)).map(({ action, actor }) => [action, actor]);
    expect(actions).toContainEqual(['directory-user-added', 'directory:Entra ID']);
    expect(actions).toContainEqual(['directory-user-joined', came.username]);
  });

  it('may be a member already, and is the directory’s only when they have accepted', async () => {
    const d = await Directory.connect(rig);
    const member = await d.person('Viewer');
    const email = `m-${newId()}@example.org`;
    await rig.db.system((tx) =>
      tx.query('update users set email = $2, email_key = lower($2) where id = $1', [
        member.id,
        email,
      ]),
    );
    const user = await d.user({ userName: email, emails: [{ value: email, primary: true }] });
    const group = await d.group('Owners', user.id);
    await d.bind(group, 'Admin');
    // The address is the same, and nothing has happened to them.
    expect(await rolesOf(d, member.id)).toEqual([['Viewer', null]]);
    expect(
      (await d.patch(`Users/${user.id}`, { op: 'replace', path: 'active', value: false })).status,
    ).toBe(200);
    later();
    expect(await isIn(member.token)).toBe(200);
    await d.patch(`Users/${user.id}`, { op: 'replace', path: 'active', value: true });
    const token = await d.linkTo(user.id);
    const accepted = await rig.send('me/invitations/accept', {
      method: 'POST',
      token: member.token,
      body: { token },
    });
    expect(accepted.status).toBe(200);
    const now = await rig.send(`users/${member.id}`, { token: d.admin.token });
    expect(now.body).toMatchObject({ source: 'scim' });
    expect(await rolesOf(d, member.id)).toEqual([
      ['Viewer', null],
      ['Admin', 'Owners'],
    ]);
  });

  it('is not found by the address of an account elsewhere, which nobody but its person opens', async () => {
    const d = await Directory.connect(rig);
    const other = await Directory.connect(rig);
    const stranger = await other.person('Admin');
    const email = `s-${newId()}@example.org`;
    await rig.db.system((tx) =>
      tx.query('update users set email = $2, email_key = lower($2) where id = $1', [
        stranger.id,
        email,
      ]),
    );
    const user = await d.user({ userName: email });
    const password = 'six boats on a green lake';
    await d.patch(`Users/${user.id}`, {
      op: 'replace',
      value: { password, 'name.givenName': 'X' },
    });
    const hijack = await rig.send('authentication/invitations/accept', {
      method: 'POST',
      body: { token: await d.linkTo(user.id), username: `x-${newId()}`, password },
    });
    expect([hijack.status, hijack.body.code]).toEqual([409, 'invitation-needs-account']);
    expect((await rig.login(stranger.username)).status).toBe(200);
    expect((await rig.send('users', { token: d.admin.token })).body.items).toHaveLength(1);
  });

  it('is out within five seconds when not active, with keys and roles, and in again without those', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    const group = await d.group('Builders', user.id);
    await d.bind(group, 'Deployer');
    const came = await d.come(user.id);
    await rig.send(`users/${came.id}/roles`, {
      method: 'PUT',
      token: d.admin.token,
      body: { roles: [{ role: 'Operator' }] },
    });
    const again = await d.signIn(came.username);
    const key = await rig.send('access-keys', {
      method: 'POST',
      token: again.token,
      body: { name: 'ci', permissions: 'deploy' },
    });
    expect([key.status, await isIn(again.token)]).toEqual([201, 200]);
    const answer = await d.patch(`Users/${user.id}`, {
      op: 'Replace',
      path: 'active',
      value: 'False',
    });
    expect([answer.status, answer.body.active]).toEqual([200, false]);
    later();
    expect(await isIn(again.token)).toBe(401);
    expect(await isIn(key.body.secret)).toBe(401);
    expect((await rig.login(came.username, 'five boats on a green lake')).status).toBe(401);
    expect((await rig.send(`users/${came.id}`, { token: d.admin.token })).status).toBe(404);
    const back = await d.patch(`Users/${user.id}`, { op: 'Replace', value: { active: 'True' } });
    expect(back.body.active).toBe(true);
    later();
    expect(await rolesOf(d, came.id)).toEqual([['Deployer', 'Builders']]);
    expect((await d.signIn(came.username)).id).toBe(came.id);
    const actions = (await d.audit(user.id)).map(({ action }) => action);
    expect(actions).toEqual(
      expect.arrayContaining(['directory-user-deactivated', 'directory-user-activated']),
    );
  });

  it('is put out by people here, too, and the directory hears that they are not active', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    await d.bind(await d.group('Base', user.id), 'Viewer');
    const came = await d.come(user.id);
    const removed = await rig.send(`users/${came.id}`, { method: 'DELETE', token: d.admin.token });
    expect(removed.status).toBe(204);
    expect((await d.scim('GET', `Users/${user.id}`)).body.active).toBe(false);
  });

  it('stays what people here have made them, when these asked them in again', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    await d.bind(await d.group('Base', user.id), 'Viewer');
    const came = await d.come(user.id);
    await d.patch(`Users/${user.id}`, { op: 'replace', value: { active: false } });
    const invited = await rig.send('users/invitations', {
      method: 'POST',
      token: d.admin.token,
      body: { email: user.userName, roles: [{ role: 'Viewer' }] },
    });
    const token = (invited.body.link as string).split('#')[1];
    const body = { token, password: 'five boats on a green lake' };
    await rig.send('authentication/invitations/accept', { method: 'POST', body });
    expect((await d.scim('DELETE', `Users/${user.id}`)).status).toBe(204);
    expect(await rolesOf(d, came.id)).toEqual([['Viewer', null]]);
  });

  it('is forgotten when deleted, and their link is good for nothing', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    const token = await d.linkTo(user.id);
    expect((await d.scim('DELETE', `Users/${user.id}`)).status).toBe(204);
    expect(coded(await d.scim('GET', `Users/${user.id}`))).toEqual([
      404,
      undefined,
      'scim-not-found',
    ]);
    const body = { token, username: `x-${newId()}`, password: 'five boats on a green lake' };
    const late = await rig.send('authentication/invitations/accept', { method: 'POST', body });
    expect([late.status, late.body.code]).toEqual([422, 'invitation-invalid']);
  });

  it('is invited by who holds what their groups give, once more', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    await d.bind(await d.group('Chiefs', user.id), 'Admin');
    const [first, second] = [await d.linkTo(user.id), await d.linkTo(user.id)];
    const body = { token: first, username: `x-${newId()}`, password: 'five boats on a green lake' };
    const used = await rig.send('authentication/invitations/accept', { method: 'POST', body });
    expect([used.body.code, first === second]).toEqual(['invitation-invalid', false]);
    const open = await rig.send('users/invitations', { token: d.admin.token });
    expect(open.body.items).toMatchObject([{ id: user.id, roles: [] }]);
    const path = `users/invitations/${user.id}/resend`;
    const resent = await rig.send(path, { method: 'POST', token: d.admin.token });
    expect([resent.status, resent.body.code]).toEqual([409, 'invitation-of-directory']);
    const role = await rig.send('roles', {
      method: 'POST',
      token: d.admin.token,
      body: { name: 'hr', permissions: ['users:read', 'users:manage'] },
    });
    expect(role.status).toBe(201);
    const hr = await d.person('Viewer');
    await rig.send(`users/${hr.id}/roles`, {
      method: 'PUT',
      token: d.admin.token,
      body: { roles: [{ role: 'hr' }] },
    });
    const { body: tokens } = await rig.login(hr.username);
    const climbing = await d.invite(user.id, { ...hr, token: tokens.accessToken as string });
    expect([climbing.status, climbing.body.code]).toEqual([403, 'role-beyond-own']);
  });
});

describe('the last Admin', () => {
  it('is never taken away by a directory, whichever way it tries', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    const group = await d.group('Admins', user.id);
    await d.bind(group, 'Admin');
    const came = await d.come(user.id);
    // The one by hand goes; who is left is the directory's.
    const gone = await rig.send(`users/${d.admin.id}`, { method: 'DELETE', token: came.token });
    expect(gone.status).toBe(204);
    const refusal = [400, 'mutability', 'directory-last-admin'];
    const full = { schemas: [USER_SCHEMA], userName: user.userName };
    for (const attempt of [
      d.patch(`Users/${user.id}`, { op: 'replace', value: { active: false } }),
      d.scim('PUT', `Users/${user.id}`, { ...full, active: false }),
      d.scim('DELETE', `Users/${user.id}`),
      d.patch(`Groups/${group}`, { op: 'remove', path: `members[value eq "${user.id}"]` }),
      d.patch(`Groups/${group}`, { op: 'replace', path: 'members', value: [] }),
      d.scim('PUT', `Groups/${group}`, { displayName: 'Admins' }),
      d.scim('DELETE', `Groups/${group}`),
    ]) {
      expect(coded(await attempt)).toEqual(refusal);
    }
    later();
    expect(await isIn(came.token)).toBe(200);
    expect((await d.scim('GET', `Users/${user.id}`)).body.active).toBe(true);
    expect((await d.scim('GET', `Groups/${group}`)).body.members).toHaveLength(1);
  });
});

describe('groups of a directory', () => {
  it('are read-only here, hold what people bind to them, and end sessions when somebody is taken out', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    await d.bind(await d.group('Base', user.id), 'Viewer');
    const group = await d.group('Operators');
    const came = await d.come(user.id);
    const bound = await rig.send('role-bindings', {
      method: 'POST',
      token: d.admin.token,
      body: { role: 'Operator', subject: { kind: 'group', name: 'operators' } },
    });
    expect(bound.status).toBe(201);
    await d.patch(`Groups/${group}`, { op: 'Add', path: 'members', value: [{ value: user.id }] });
    expect(await rolesOf(d, came.id)).toContainEqual(['Operator', 'Operators']);
    const byHand = await rig.send(`groups/${group}/members/${came.id}`, {
      method: 'DELETE',
      token: d.admin.token,
    });
    expect([byHand.status, byHand.body.code]).toEqual([409, 'group-kept-elsewhere']);
    await d.patch(`Groups/${group}`, { op: 'remove', path: `members[value eq "${user.id}"]` });
    later();
    expect(await isIn(came.token)).toBe(401);
    const changes = (await d.audit(group)).filter(({ action }) => /members/.test(action));
    expect(changes.map(({ body }) => body)).toEqual([
      { name: 'Operators', added: [user.userName], removed: [] },
      { name: 'Operators', added: [], removed: [user.userName] },
    ]);
  });

  it('never touch those that people keep, not even by name', async () => {
    const d = await Directory.connect(rig);
    const manual = await rig.send('groups', {
      method: 'POST',
      token: d.admin.token,
      body: { name: 'Payments' },
    });
    const taken = await d.scim('POST', 'Groups', { displayName: 'payments' });
    expect(coded(taken)).toEqual([409, 'uniqueness', 'scim-name-taken']);
    const id = manual.body.id as string;
    for (const answer of [
      await d.scim('GET', `Groups/${id}`),
      await d.scim('DELETE', `Groups/${id}`),
      await d.patch(`Groups/${id}`, { op: 'add', path: 'members', value: [] }),
    ]) {
      expect(coded(answer)).toEqual([404, undefined, 'scim-not-found']);
    }
    expect((await d.scim('GET', 'Groups')).body.totalResults).toBe(0);
    const other = await d.group('Others');
    const renamed = await d.patch(`Groups/${other}`, {
      op: 'replace',
      path: 'displayName',
      value: 'PAYMENTS',
    });
    expect(coded(renamed)).toEqual([409, 'uniqueness', 'scim-name-taken']);
  });
});

describe('another tenant', () => {
  it('is told of nothing: its ids are those of nobody', async () => {
    const [own, other] = [await Directory.connect(rig), await Directory.connect(rig)];
    const user = await other.user();
    const group = await other.group('Secret', user.id);
    const mine = await own.group('Mine');
    const ask = async (userId: string, groupId: string) => {
      const add = { op: 'add', path: 'members', value: [{ value: userId }] };
      const answers = [
        await own.scim('GET', `Users/${userId}`),
        await own.scim('PUT', `Users/${userId}`, { userName: 'x' }),
        await own.patch(`Users/${userId}`, { op: 'replace', path: 'active', value: false }),
        await own.scim('DELETE', `Users/${userId}`),
        await own.scim('GET', `Groups/${groupId}`),
        await own.scim('PUT', `Groups/${groupId}`, { displayName: 'x' }),
        await own.patch(`Groups/${groupId}`, add),
        await own.scim('DELETE', `Groups/${groupId}`),
        await own.patch(`Groups/${mine}`, add),
        await own.scim('GET', `Users?filter=${encodeURIComponent(`id eq "${userId}"`)}`),
        await own.scim('GET', `Groups?filter=${encodeURIComponent(`members eq "${userId}"`)}`),
        await own.invite(userId),
      ];
      return answers.map(({ status, body }) => [
        status,
        JSON.stringify(body)
          .replaceAll(userId, 'ID')
          .replaceAll(/"(id|instance)":"[^"]*"/g, ''),
      ]);
    };
    const [theirs, nobodys] = [await ask(user.id, group), await ask(newId(), newId())];
    expect(theirs).toEqual(nobodys);
    expect(theirs.map(([status]) => status)).toEqual([
      404, 404, 404, 404, 404, 404, 404, 404, 400, 200, 200, 404,
    ]);
    const path = 'Users?filter=' + encodeURIComponent(`userName eq "${user.userName}"`);
    expect((await own.scim('GET', path)).body.totalResults).toBe(0);
    expect((await other.scim('GET', `Groups/${group}`)).body.members).toHaveLength(1);
  });
});

describe('what cannot be', () => {
  it('is told in the form of RFC 7644, whoever refuses it', async () => {
    const d = await Directory.connect(rig);
    const user = await d.user();
    const group = await d.group('g');
    const told = async (answer: Promise<Answer>) => {
      const { status, headers, body } = await answer;
      expect(headers['content-type']).toMatch(/^application\/scim\+json/);
      expect(body).toMatchObject({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: String(status),
      });
      return [status, body.scimType];
    };
    const patch = (operation: object, path = `Users/${user.id}`) => told(d.patch(path, operation));
    const deep = `${'('.repeat(9)}active eq true${')'.repeat(9)}`;
    for (const filter of [
      '',
      'userName',
      'userName eq',
      'userName eq x',
      'userName eq "x',
      'nope eq "x"',
      deep,
    ]) {
      expect([filter, ...(await told(filtered(d, 'Users', filter)))]).toEqual([
        filter,
        400,
        'invalidFilter',
      ]);
    }
    const wide = Array.from({ length: 21 }, () => 'active eq true').join(' or ');
    expect(await told(filtered(d, 'Users', wide))).toEqual([400, 'invalidFilter']);
    const long = `userName eq "${'x'.repeat(limits.scimFilterCharacters)}"`;
    expect(await told(filtered(d, 'Users', long))).toEqual([400, 'invalidFilter']);
    expect(await told(filtered(d, 'Groups', 'not (members eq "x")'))).toEqual([
      400,
      'invalidFilter',
    ]);
    expect(await told(d.scim('POST', 'Users', { userName: 7 }))).toEqual([400, 'invalidValue']);
    expect(await told(d.scim('POST', 'Users', {}))).toEqual([400, 'invalidValue']);
    expect(await told(d.scim('POST', 'Users', { userName: 'a\u001b[2J' }))).toEqual([
      400,
      'invalidValue',
    ]);
    expect(await told(d.scim('POST', 'Users', []))).toEqual([400, 'invalidValue']);
    expect(await told(d.scim('PATCH', `Users/${user.id}`, {}))).toEqual([400, 'invalidSyntax']);
    expect(await patch({ op: 'move', path: 'active' })).toEqual([400, 'invalidSyntax']);
    expect(await patch({ op: 'replace', path: 'constructor', value: 'x' })).toEqual([
      400,
      'invalidPath',
    ]);
    expect(await patch({ op: 'replace', path: 'id', value: 'x' })).toEqual([400, 'mutability']);
    expect(await patch({ op: 'remove', path: 'userName' })).toEqual([400, 'mutability']);
    expect(await patch({ op: 'remove' })).toEqual([400, 'noTarget']);
    expect(await patch({ op: 'replace', path: 'active', value: 'perhaps' })).toEqual([
      400,
      'invalidValue',
    ]);
    const nested = { op: 'add', path: 'members', value: [{ value: group, type: 'Group' }] };
    expect(await patch(nested, `Groups/${group}`)).toEqual([400, 'invalidValue']);
    const many = Array.from({ length: limits.scimOperations + 1 }, () => ({
      op: 'remove',
      path: 'name',
    }));
    expect(await told(d.patch(`Users/${user.id}`, ...many))).toEqual([400, 'invalidSyntax']);
    const large = { userName: 'x', displayName: 'x'.repeat(limits.bodyBytes) };
    expect(await told(d.scim('POST', 'Users', large))).toEqual([413, undefined]);
    expect(await told(d.scim('GET', 'Nothing'))).toEqual([404, undefined]);
    expect(await told(d.scim('POST', 'Bulk', {}))).toEqual([404, undefined]);
    expect(await told(d.scim('PUT', 'Users', {}))).toEqual([405, undefined]);
    expect(await told(d.scim('GET', 'Users', undefined, { token: 'tgd_x' }))).toEqual([
      401,
      undefined,
    ]);
    const elsewhere = await rig.send('directory-tokens', {
      method: 'POST',
      token: d.admin.token,
      body: { name: 'x' },
      headers: { 'content-type': 'application/scim+json' },
    });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([415, 'unsupported-media-type']);
  });

  it('is more than there may be', async () => {
    const d = await Directory.connect(rig);
    await d.user();
    const [user] = [await d.user()];
    const page = await d.scim('GET', 'Users?startIndex=2&count=1');
    expect(page.body).toMatchObject({
      totalResults: 2,
      startIndex: 2,
      itemsPerPage: 1,
      Resources: [{ id: user.id }],
    });
    expect((await d.scim('GET', 'Users?count=0')).body).toMatchObject({
      totalResults: 2,
      Resources: [],
    });
    jest.replaceProperty(limits, 'directoryUsersPerTenant', 2 as 5_000);
    expect(coded(await d.scim('POST', 'Users', { userName: 'third' }))).toEqual([
      429,
      undefined,
      'scim-limit',
    ]);
    jest.replaceProperty(limits, 'membersPerGroup', 0 as 2_000);
    const members = [{ value: user.id }];
    expect(coded(await d.scim('POST', 'Groups', { displayName: 'g', members }))).toEqual([
      429,
      undefined,
      'scim-limit',
    ]);
    expect((await d.scim('GET', 'Groups')).body.totalResults).toBe(0);
  });
});
