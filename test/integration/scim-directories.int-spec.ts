/** Directory tokens, and the requests of Entra ID and Okta as their documents show them. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Mailer } from '../../src/drivers/channels/mail/mailer.js';
import { newId } from '../../src/kernel/ids.js';
import { DirectoryTokenUses } from '../../src/tenancy/scim/tokens/directory-token-uses.js';
import { newDirectoryTokenText } from '../../src/tenancy/scim/tokens/directory-token-text.js';
import type { Answer, IdentityApp } from '../support/identity-app.js';
import { identityApp } from '../support/identity-app.js';
import { Directory, GROUP_SCHEMA, PATCH_OP, USER_SCHEMA } from '../support/scim-rig.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

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
  /\[([a-z-]*)\]$/.exec(body?.detail)?.[1] ?? body?.code,
];
const config = (d: Directory, secret = d.secret, address = '127.0.0.1') =>
  d.scim('GET', 'ServiceProviderConfig', undefined, { token: secret, address });
const later = (ms = 4_500) => rig.clock.advance(ms);
const filtered = (d: Directory, path: string, filter: string, more = '') =>
  d.scim('GET', `${path}?filter=${encodeURIComponent(filter)}${more}`);

describe('a directory token', () => {
  it('is shown once, kept as a hash, one of a tenant, and made by an Admin with a fresh proof', async () => {
    const d = await Directory.connect(rig, { emailDomains: ['Example.org'] });
    expect(d.made.status).toBe(201);
    expect(d.secret).toMatch(/^tgd_[0-9A-Za-z]{36}$/);
    expect(d.made.body).toMatchObject({
      prefix: d.secret.slice(0, 12),
      emailDomains: ['example.org'],
    });
    expect(d.made.body.url).toMatch(/\/scim\/v2$/);
    const { secret: _secret, url: _url, ...shown } = d.made.body;
    const list = () => rig.send('directory-tokens', { token: d.admin.token });
    expect((await list()).body.items).toEqual([shown]);
    const rows = await d.inTenant((open) => open.tx.query('select * from directory_tokens'));
    expect(JSON.stringify([rows, await d.audit(d.made.body.id)])).not.toContain(d.secret);
    const body = { name: 'Okta' };
    const make = (token: string, headers = {}) =>
      rig.send('directory-tokens', { method: 'POST', token, body, headers });
    expect(coded(await make(d.admin.token))).toEqual([409, 'directory-token-exists']);
    expect(coded(await make(d.admin.token, { 'idempotency-key': 'x' }))[1]).toBe(
      'idempotency-key-refused',
    );
    expect(coded(await make(d.secret))[0]).toBe(401);
    // Whoever may manage providers, and is no Admin, could give themselves any group.
    await rig.send('roles', {
      method: 'POST',
      token: d.admin.token,
      body: { name: 'idp', permissions: ['identity-providers:manage'] },
    });
    const someone = await d.person('Deployer');
    const roles = [{ role: 'idp' }];
    await rig.send(`users/${someone.id}/roles`, {
      method: 'PUT',
      token: d.admin.token,
      body: { roles },
    });
    const { body: tokens } = await rig.login(someone.username);
    expect(coded(await make(tokens.accessToken))).toEqual([403, 'role-beyond-own']);
    later(5 * 60_000);
    expect(coded(await make(d.admin.token))).toEqual([403, 'step-up-required']);
  });

  it('opens nothing but SCIM, which nothing else opens', async () => {
    const d = await Directory.connect(rig);
    const key = await rig.send('access-keys', {
      method: 'POST',
      token: d.admin.token,
      body: { name: 'all', permissions: 'admin' },
    });
    const document = (await rig.send('/api/openapi.json')).body as {
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { security }]) => ({
        method: method.toUpperCase() as 'GET',
        path: path.replaceAll(/\{[^}]+\}/g, () => newId()),
        isPublic: security?.length === 0,
      })),
    );
    let [own, others] = [0, 0];
    for (const { method, path, isPublic } of routes) {
      if (isPublic) continue;
      const statusBy = async (token: string) => (await rig.send(path, { method, token })).status;
      if (path.startsWith('/scim/')) {
        own += 1;
        expect([path, await statusBy(d.secret)]).not.toEqual([path, 401]);
        expect([path, await statusBy(d.admin.token)]).toEqual([path, 401]);
        expect([path, await statusBy(key.body.secret)]).toEqual([path, 401]);
      } else {
        others += 1;
        expect([path, await statusBy(d.secret)]).toEqual([path, 401]);
      }
    }
    expect(own).toBe(17);
    expect(others).toBeGreaterThan(80);
    const elsewhere = await d.scim('GET', 'Users', undefined, {
      headers: { 'x-tenant': 'default' },
    });
    expect(coded(elsewhere)).toEqual([403, 'tenant-mismatch']);
  });

  it('is rotated with an overlap, revoked within five seconds, and ends', async () => {
    const d = await Directory.connect(rig, { expiresInDays: 1 });
    const rotate = (overlapSeconds: number, id = d.made.body.id) =>
      rig.send(`directory-tokens/${id}/rotate`, {
        method: 'POST',
        token: d.admin.token,
        body: { overlapSeconds },
      });
    const second = await rotate(60);
    expect([second.status, second.body.rotatedFrom]).toEqual([201, d.made.body.id]);
    expect([(await config(d)).status, (await config(d, second.body.secret)).status]).toEqual([
      200, 200,
    ]);
    expect(coded(await rotate(60))).toEqual([409, 'directory-token-over']);
    later(61_000);
    expect([(await config(d)).status, (await config(d, second.body.secret)).status]).toEqual([
      401, 200,
    ]);
    await rig.app.get(DirectoryTokenUses).settled();
    expect((await d.audit(d.made.body.id)).map(({ action }) => action)).toContain(
      'directory-token-refused',
    );
    const list = await rig.send('directory-tokens', { token: d.admin.token });
    expect(list.body.items[0]).toMatchObject({
      state: 'good',
      lastUsedNetwork: expect.any(String),
    });
    const third = await rotate(0, second.body.id);
    expect((await config(d, second.body.secret)).status).toBe(401);
    const revoked = await rig.send(`directory-tokens/${third.body.id}`, {
      method: 'DELETE',
      token: d.admin.token,
    });
    expect(revoked.status).toBe(204);
    later();
    expect((await config(d, third.body.secret)).status).toBe(401);
    const again = await Directory.connect(rig, { expiresInDays: 1 });
    later(86_400_000);
    expect((await config(again)).status).toBe(401);
  });

  it('is refused by its checksum without a statement, and from networks that it is not for', async () => {
    const d = await Directory.connect(rig, { allowedNetworks: ['203.0.113.0/24'] });
    expect((await config(d, d.secret, '203.0.113.9')).status).toBe(200);
    expect(coded(await config(d))).toEqual([403, 'directory-token-network-refused']);
    const asked = jest.spyOn(rig.db, 'system');
    const wrong = d.secret.slice(0, -1) + (d.secret.endsWith('A') ? 'B' : 'A');
    expect(coded(await config(d, wrong, '203.0.113.9'))).toEqual([401, 'unauthenticated']);
    expect(asked).not.toHaveBeenCalled();
    expect(coded(await config(d, newDirectoryTokenText(), '203.0.113.9'))).toEqual([
      401,
      'unauthenticated',
    ]);
  });

  it('invites by mail, to its own domains only, and anew to an address that has changed', async () => {
    const mailer = rig.app.get(Mailer);
    jest.spyOn(mailer, 'isOn', 'get').mockReturnValue(true);
    const sent = jest.spyOn(mailer, 'send').mockResolvedValue();
    const d = await Directory.connect(rig, { emailDomains: ['example.org'] });
    const user = await d.user();
    const stranger = { userName: 'x', emails: [{ value: 'evil@example.com', type: 'work' }] };
    const refused = await d.scim('POST', 'Users', stranger);
    expect([...coded(refused), refused.body.scimType]).toEqual([
      400,
      'scim-value-invalid',
      'invalidValue',
    ]);
    const moved = await d.patch(`Users/${user.id}`, {
      op: 'Add',
      path: 'emails[type eq "work"].value',
      value: 'new@example.org',
    });
    expect(moved.body.emails).toEqual([{ type: 'work', value: 'new@example.org' }]);
    await d.patch(`Users/${user.id}`, { op: 'replace', path: 'displayName', value: 'Ada' });
    expect(sent.mock.calls.map(([, { to }]) => to)).toEqual([user.userName, 'new@example.org']);
    const view = await rig.send('directory-users', { token: d.admin.token });
    expect(view.body.items).toMatchObject([
      { state: 'waiting', isInvitationOpen: true, email: 'new@example.org' },
    ]);
  });
});

describe('Entra ID', () => {
  it('provisions, matches, changes and deprovisions users as its reference shows', async () => {
    const d = await Directory.connect(rig);
    // Test Connection asks for somebody who is not there.
    const probe = await filtered(d, 'Users', `userName eq "${newId()}"`);
    expect(probe.body).toMatchObject({
      totalResults: 0,
      Resources: [],
      startIndex: 1,
      itemsPerPage: 0,
    });
    expect(probe.headers['content-type']).toBe('application/scim+json; charset=utf-8');
    const userName = `Test_User_${newId()}@testuser.com`;
    const sent = {
      schemas: [USER_SCHEMA, ENTERPRISE],
      externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
      userName,
      active: true,
      emails: [{ primary: true, type: 'work', value: 'Test_User_fd0ea19b@testuser.com' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
      roles: [],
      [ENTERPRISE]: { department: 'x', manager: { value: 'y' } },
    };
    const created = await d.scim('POST', 'Users', sent);
    const { id, meta } = created.body;
    expect(created.status).toBe(201);
    expect(created.headers).toMatchObject({ location: meta.location, etag: meta.version });
    expect(created.body).toMatchObject({
      schemas: [USER_SCHEMA],
      userName,
      name: sent.name,
      emails: sent.emails,
    });
    expect(created.body).not.toHaveProperty(ENTERPRISE);
    expect(
      coded(await d.scim('POST', 'Users', { ...sent, userName: userName.toUpperCase() })),
    ).toEqual([409, 'scim-name-taken']);
    for (const filter of [
      `userName eq "${userName}"`,
      `externalId eq "${sent.externalId}"`,
      'emails[type eq "work"].value eq "test_user_fd0ea19b@testuser.com"',
      'name.familyName co "family" and (active eq true or not (userName pr))',
      `${USER_SCHEMA}:userName sw "test_user" and meta.lastModified gt "2011-05-13T04:42:34Z"`,
    ]) {
      const found = await filtered(d, 'Users', filter);
      expect([filter, found.body.Resources?.map((each: { id: string }) => each.id)]).toEqual([
        filter,
        [id],
      ]);
    }
    const updated = await d.scim('PATCH', `Users/${id}`, {
      schemas: [PATCH_OP],
      Operations: [
        {
          op: 'Replace',
          path: 'emails[type eq "work"].value',
          value: 'updatedEmail@microsoft.com',
        },
        { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' },
        { op: 'Add', path: `${ENTERPRISE}:department`, value: 'dropped' },
        { op: 'Replace', path: 'addresses[type eq "work"].country', value: 'dropped' },
        {
          op: 'Add',
          value: { displayName: 'x', 'name.givenName': 'y', [`${ENTERPRISE}:division`]: 'z' },
        },
      ],
    });
    expect(updated.body).toMatchObject({
      emails: [{ primary: true, type: 'work', value: 'updatedEmail@microsoft.com' }],
      name: { formatted: 'givenName familyName', familyName: 'updatedFamilyName', givenName: 'y' },
      displayName: 'x',
    });
    expect(updated.body.meta.version).not.toBe(meta.version);
    const renamed = { op: 'Replace', path: 'userName', value: `5b50642d-${newId()}@testuser.com` };
    expect((await d.patch(`Users/${id}`, renamed)).body.userName).toBe(renamed.value);
    const off = { op: 'Replace', path: 'active', value: 'False' };
    expect((await d.patch(`Users/${id}`, off)).body.active).toBe(false);
    expect(
      (await d.patch(`Users/${id}`, { op: 'Replace', value: { active: 'True' } })).body.active,
    ).toBe(true);
    const stale = await d.scim(
      'PATCH',
      `Users/${id}`,
      { schemas: [PATCH_OP], Operations: [off] },
      {
        headers: { 'if-match': meta.version, 'content-type': 'application/scim+json' },
      },
    );
    expect(coded(stale)).toEqual([412, 'version-mismatch']);
    expect((await d.scim('DELETE', `Users/${id}`)).status).toBe(204);
    expect((await d.scim('GET', `Users/${id}`)).body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: expect.stringContaining('[scim-not-found]'),
    });
  });

  it('keeps groups and their members', async () => {
    const d = await Directory.connect(rig);
    const [one, two] = [await d.user(), await d.user()];
    const created = await d.scim('POST', 'Groups', {
      schemas: [
        GROUP_SCHEMA,
        'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
      ],
      externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
      displayName: 'displayName',
      meta: { resourceType: 'Group' },
    });
    expect(created.status).toBe(201);
    const { id } = created.body;
    const path = `Groups/${id}`;
    const read = async () => (await d.scim('GET', path)).body;
    const bare = await d.scim('GET', `${path}?excludedAttributes=members`);
    expect(bare.body).toMatchObject({ id, displayName: 'displayName' });
    const byName = await filtered(
      d,
      'Groups',
      'displayName eq "DISPLAYNAME"',
      '&excludedAttributes=members',
    );
    expect(byName.body.Resources).toEqual([bare.body]);
    const patch = (...operations: object[]) => d.patch(path, ...operations);
    expect((await patch({ op: 'Replace', path: 'displayName', value: '1879db59' })).status).toBe(
      204,
    );
    await patch({
      op: 'Add',
      path: 'members',
      value: [
        { $ref: null, value: one.id },
        { $ref: null, value: two.id },
      ],
    });
    expect((await read()).members).toEqual(
      [one, two].map(({ id: value, userName: display }) => ({
        value,
        $ref: expect.stringContaining(`/scim/v2/Users/${value}`),
        display,
        type: 'User',
      })),
    );
    const member = await filtered(
      d,
      'Groups',
      `id eq "${id}" and members eq "${one.id}"`,
      '&attributes=id',
    );
    expect(member.body.Resources).toEqual([{ schemas: [GROUP_SCHEMA], id }]);
    await patch({ op: 'Remove', path: 'members', value: [{ $ref: null, value: one.id }] });
    expect((await filtered(d, 'Groups', `members[value eq "${one.id}"]`)).body.totalResults).toBe(
      0,
    );
    await patch({ op: 'Remove', path: `members[value eq "${two.id}"]` });
    expect(await read()).not.toHaveProperty('members');
    expect((await d.scim('DELETE', path)).status).toBe(204);
    expect((await d.scim('GET', path)).status).toBe(404);
  });
});

describe('Okta', () => {
  it('runs its sequence of users and groups', async () => {
    const d = await Directory.connect(rig);
    const userName = `test.user.${newId()}@okta.local`;
    const paged = await d.scim('GET', 'Users?count=1&startIndex=1');
    expect(paged.body).toMatchObject({ totalResults: 0, Resources: [] });
    expect((await filtered(d, 'Users', `userName eq "${userName}"`)).body.totalResults).toBe(0);
    const created = await d.scim('POST', 'Users', {
      schemas: [USER_SCHEMA],
      userName,
      name: { givenName: 'Test', familyName: 'User' },
      emails: [{ primary: true, value: userName, type: 'work' }],
      displayName: 'Test User',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    });
    expect(created.status).toBe(201);
    expect(created.body).not.toHaveProperty('password');
    const { id } = created.body;
    const whole = (await d.scim('GET', `Users/${id}`)).body;
    const replaced = await d.scim('PUT', `Users/${id}`, {
      ...whole,
      name: { givenName: 'Another' },
      groups: [],
    });
    expect(replaced.body).toMatchObject({ id, name: { givenName: 'Another' }, active: true });
    const group = await d.scim('POST', 'Groups', {
      schemas: [GROUP_SCHEMA],
      displayName: 'Test SCIMv2',
      members: [],
    });
    const path = `Groups/${group.body.id}`;
    const add = { op: 'add', path: 'members', value: [{ value: id, display: userName }] };
    const rename = { op: 'replace', value: { id: group.body.id, displayName: 'Test SCIMv2 0' } };
    expect([(await d.patch(path, rename)).status, (await d.patch(path, add)).status]).toEqual([
      204, 204,
    ]);
    expect((await d.scim('GET', path)).body).toMatchObject({
      displayName: 'Test SCIMv2 0',
      members: [{ value: id }],
    });
    await d.patch(path, { op: 'remove', path: `members[value eq "${id}"]` });
    await d.patch(path, {
      op: 'replace',
      path: 'members',
      value: [{ value: id, display: userName }],
    });
    expect((await d.scim('GET', `${path}?attributes=members`)).body.members).toHaveLength(1);
    const off = await d.patch(`Users/${id}`, { op: 'replace', value: { active: false } });
    expect([off.status, off.body.active]).toEqual([200, false]);
    const on = await d.patch(`Users/${id}`, { op: 'replace', value: { active: true } });
    expect(on.body.active).toBe(true);
    expect((await d.scim('DELETE', path)).status).toBe(204);
  });
});
