/** Signing in, and what people do with their own accounts. */
import { expect } from '@jest/globals';
import { generateSync } from 'otplib';
import { AccountMail } from '../../../src/tenancy/account-mail.js';
import { Config } from '../../../src/platform/config/config.js';
import { Database } from '../../../src/platform/database/database.js';
import { ResetRequests } from '../../../src/tenancy/passwords/reset-requests.js';
import { grantRole } from '../../../src/tenancy/users/users.store.js';
import { ask } from '../../isolation/inhabitant.js';
import { catchMail, type CaughtMail } from '../caught-mail.js';
import { withClient } from '../database.js';
import { PUBLIC_ORIGIN } from '../pending-approvals.js';
import { SoftwareAuthenticator } from '../software-authenticator.js';
import type { Member } from '../whole-app.js';
import { type Asking, type Deed, newName, type Stage } from './deed.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/');
const PASSWORD = 'five boats on a green lake';
const passwordOf = ({ username }: Member) => `the password of ${username}`;

const newPerson = ({ rig, tenant }: Stage) => rig.app.whole.member(tenant.id, 'Viewer');

/** By themselves, who is called so in the log. */
const self = ({ token, username, userId }: Member): Asking => ({
  as: { token, actorId: userId },
  subjectId: username,
  view: null,
});

/** By nobody who is signed in, who turns out to be them. */
const nobody = (person: Member): Asking => ({
  ...self(person),
  as: { token: null, actorId: person.userId },
  tenantId: person.tenantId,
});

async function asked({ rig }: Stage, token: string | null, path: string, body: object = {}) {
  const answer = await ask(rig.app.whole.url, token, {
    method: 'POST',
    path: `/api/v1/${path}`,
    body,
  });
  if (answer.status > 299) throw new Error(`${path}: ${answer.text}`);
  return answer.body;
}

/** As a page of the server sends it. */
const ofPage = ({ rig }: Stage) => ({
  origin: rig.app.whole.get(Config).publicOrigin,
  'x-tidegate-page': '1',
});

const signIn = (stage: Stage, person: Member) =>
  asked(stage, null, 'authentication/login', {
    username: person.username,
    password: passwordOf(person),
  });

let caught: CaughtMail | undefined;
function mailOf({ rig }: Stage): CaughtMail {
  caught ??= catchMail({ app: rig.app.whole.app } as never);
  Object.defineProperty(rig.app.whole.get(AccountMail), 'isOn', {
    value: true,
    configurable: true,
  });
  return caught;
}

async function withAddress(stage: Stage): Promise<{ person: Member; email: string }> {
  const [person, email] = [await newPerson(stage), `${newName('mailed')}@example.org`];
  await withClient(stage.rig.app.whole.database.superuser, (client) =>
    client.query('update users set email = $2, email_key = $2 where id = $1', [
      person.userId,
      email,
    ]),
  );
  return { person, email };
}

async function withTotp(stage: Stage) {
  const person = await newPerson(stage);
  const { id, secret } = await asked(stage, person.token, 'me/mfa/totp', { name: 'phone' });
  const code = (steps: number) =>
    generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + 30 * steps });
  return { person, id: id as string, code };
}

async function withTotpConfirmed(stage: Stage) {
  const made = await withTotp(stage);
  await asked(stage, made.person.token, 'me/mfa/totp/confirm', { code: made.code(-1) });
  return made;
}

async function withPasskey(stage: Stage) {
  const person = await newPerson(stage);
  const authenticator = await stage.rig.passkey(person);
  const { rows } = await withClient(stage.rig.app.whole.database.superuser, (client) =>
    client.query<{ id: string }>('select id from user_factors where user_id = $1', [person.userId]),
  );
  return { person, authenticator, id: rows[0]!.id };
}

export const deedsOfPeople: readonly Deed[] = [
  {
    route: v1('POST authentication/login'),
    actions: ['logged-in'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      await withoutFolding(stage);
      const { username } = person;
      return { ...nobody(person), body: { username, password: passwordOf(person) } };
    },
  },
  {
    route: v1('POST authentication/passkey'),
    actions: ['logged-in'],
    ask: async (stage) => {
      const { person, authenticator } = await withPasskey(stage);
      const options = await asked(stage, null, 'authentication/passkey/options');
      await withoutFolding(stage);
      return { ...nobody(person), body: { passkey: authenticator.get(options) } };
    },
  },
  {
    route: v1('POST authentication/logout'),
    actions: ['logged-out'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      return self(person);
    },
  },
  {
    route: v1('POST authentication/browser/login'),
    actions: ['logged-in'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      await withoutFolding(stage);
      const body = { username: person.username, password: passwordOf(person) };
      return { ...nobody(person), headers: ofPage(stage), body };
    },
  },
  {
    route: v1('POST authentication/browser/passkey'),
    actions: ['logged-in'],
    ask: async (stage) => {
      const { person, authenticator } = await withPasskey(stage);
      const options = await asked(stage, null, 'authentication/passkey/options');
      await withoutFolding(stage);
      const body = { passkey: authenticator.get(options) };
      return { ...nobody(person), headers: ofPage(stage), body };
    },
  },
  {
    route: v1('POST authentication/browser/logout'),
    actions: ['logged-out'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      return self(person);
    },
  },
  {
    route: v1('POST authentication/step-up'),
    actions: ['stepped-up'],
    ask: async (stage) => {
      const { person, code } = await withTotpConfirmed(stage);
      return { ...self(person), body: { totp: code(0) } };
    },
  },
  {
    route: v1('POST authentication/switch-tenant'),
    actions: ['tenant-switched'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      const { id } = stage.deploying;
      const also = { tenantId: id, userId: person.userId, role: 'Viewer' } as const;
      await stage.rig.app.whole.get(Database).system((tx) => grantRole(tx, also));
      return { ...self(person), body: { tenant: 'acme' }, tenantId: id };
    },
  },
  {
    route: v1('POST me/password'),
    actions: ['password-changed'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      const body = { currentPassword: passwordOf(person), newPassword: PASSWORD };
      return { ...self(person), body };
    },
  },
  {
    route: v1('PUT me'),
    actions: ['account-renamed'],
    ask: async (stage) => {
      const { view: _, ...own } = self(await newPerson(stage));
      return { ...own, body: { displayName: 'Ada Lovelace' } };
    },
  },
  {
    route: v1('POST me/email'),
    actions: ['email-change-requested'],
    ask: async (stage) => {
      mailOf(stage);
      const person = await newPerson(stage);
      const email = `${newName('new')}@example.org`;
      return { ...self(person), body: { email, password: passwordOf(person) } };
    },
  },
  {
    route: v1('POST authentication/email-change/confirm'),
    actions: ['email-changed'],
    ask: async (stage) => {
      const { tokenTo } = mailOf(stage);
      const person = await newPerson(stage);
      const email = `${newName('new')}@example.org`;
      await asked(stage, person.token, 'me/email', { email, password: passwordOf(person) });
      return { ...nobody(person), body: { token: tokenTo(email) } };
    },
  },
  {
    route: v1('POST authentication/password-reset/confirm'),
    actions: ['password-reset'],
    ask: async (stage) => {
      const { tokenTo } = mailOf(stage);
      const { person, email } = await withAddress(stage);
      await asked(stage, null, 'authentication/password-reset', { email });
      await stage.rig.app.whole.get(ResetRequests).onApplicationShutdown();
      return { ...nobody(person), body: { token: tokenTo(email), newPassword: PASSWORD } };
    },
  },
  {
    route: v1('DELETE me/sessions/{id}'),
    actions: ['session-ended'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      await signIn(stage, person);
      const at = `${stage.rig.app.whole.url}/api/v1/me/sessions`;
      const read = await fetch(at, { headers: { authorization: `Bearer ${person.token}` } });
      const { items } = (await read.json()) as { items: { id: string; isCurrent: boolean }[] };
      return { ...self(person), path: { id: items.find((one) => !one.isCurrent)!.id } };
    },
  },
  {
    route: v1('POST me/sessions/end-all'),
    actions: ['logged-out-everywhere'],
    ask: async (stage) => self(await newPerson(stage)),
  },
  {
    route: v1('POST me/mfa/totp/confirm'),
    actions: ['factor-enrolled', 'recovery-codes-made'],
    ask: async (stage) => {
      const { person, code } = await withTotp(stage);
      return { ...self(person), body: { code: code(-1) } };
    },
  },
  {
    route: v1('DELETE me/mfa/totp/{id}'),
    actions: ['factor-removed'],
    ask: async (stage) => {
      const { person, id } = await withTotpConfirmed(stage);
      return { ...self(person), path: { id } };
    },
  },
  {
    route: v1('POST me/mfa/recovery-codes'),
    actions: ['recovery-codes-made'],
    ask: async (stage) => {
      const { person } = await withTotpConfirmed(stage);
      return { ...self(person), body: {} };
    },
  },
  {
    route: v1('POST me/passkeys'),
    actions: ['factor-enrolled', 'recovery-codes-made'],
    ask: async (stage) => {
      const person = await newPerson(stage);
      const options = await asked(stage, person.token, 'me/passkeys/options');
      const passkey = new SoftwareAuthenticator(PUBLIC_ORIGIN).create(options);
      return { ...self(person), body: { name: 'laptop', passkey } };
    },
  },
  {
    route: v1('PUT me/passkeys/{id}'),
    actions: ['passkey-renamed'],
    ask: async (stage) => {
      const { person, id } = await withPasskey(stage);
      return { ...self(person), path: { id }, body: { name: 'phone' } };
    },
  },
  {
    route: v1('DELETE me/passkeys/{id}'),
    actions: ['factor-removed'],
    ask: async (stage) => {
      const { person, id } = await withPasskey(stage);
      return { ...self(person), path: { id } };
    },
  },
  {
    route: v1('POST authentication/invitations/accept'),
    actions: ['invitation-accepted'],
    ask: async (stage) => {
      const { id, token } = await invited(stage);
      const body = { token, username: newName('guest'), password: PASSWORD };
      // Somebody who has just become a person.
      const as = { token: null, actorId: expect.any(String) };
      return { body, as, tenantId: stage.tenant.id, subjectId: id, view: null };
    },
  },
  {
    route: v1('POST me/invitations/accept'),
    actions: ['invitation-accepted'],
    ask: async (stage) => {
      const { email, id, token } = await invited(stage);
      const person = await stage.rig.app.whole.member(stage.deploying.id, 'Viewer');
      await withClient(stage.rig.app.whole.database.superuser, (client) =>
        client.query('update users set email = $2, email_key = $2 where id = $1', [
          person.userId,
          email,
        ]),
      );
      return { ...self(person), body: { token }, tenantId: stage.tenant.id, subjectId: id };
    },
  },
];

async function invited(stage: Stage) {
  const { tokenTo } = mailOf(stage);
  const email = `${newName('guest')}@example.org`;
  const body = { email, roles: [{ role: 'Viewer' }] };
  const { id } = await asked(stage, stage.tenant.token, 'users/invitations', body);
  return { email, id: id as string, token: tokenTo(email) };
}

/** What was told of sign-ins is forgotten: each is told by itself again. */
async function withoutFolding({ rig }: Stage): Promise<void> {
  await rig.app.sql('delete from audit_folds');
}
