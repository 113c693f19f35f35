/** A person is erased from the audit log: by two others, without a trace of them, and the log still verifies. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditSealerModule } from '../../src/edges/audit/audit-sealer.module.js';
import { ErasureRunner } from '../../src/edges/audit/erasure/erasure-runner.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { auditLimits } from '../../src/kernel/audit-limits.js';
import { Grants } from '../../src/kernel/grants.js';
import { newId } from '../../src/kernel/ids.js';
import { checkProof, parseProof } from '../../src/kernel/tlog/checkpoint.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { Audit } from '../../src/platform/audit/audit.js';
import type { AuditRecord } from '../../src/platform/audit/audit-record.js';
import { withRequestSource } from '../../src/platform/audit/request-source.js';
import { type Actor, Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { type Member, WholeApp } from '../support/whole-app.js';

let app: WholeApp;
let tenantId: string;
let ada: Member;
let grace: Member;
beforeAll(async () => {
  jest.replaceProperty(auditLimits, 'erasureSettlesMs', 0 as never);
  app = await WholeApp.start({ modules: [AuditSealerModule] });
  tenantId = await app.tenant('acme');
  ada = await app.member(tenantId, 'Admin');
  grace = await app.member(tenantId, 'Admin');
}, 60_000);
afterAll(async () => {
  jest.restoreAllMocks();
  await app?.close();
});

const sql = (text: string, parameters: unknown[] = []) =>
  withClient(app.database.superuser, async (client) => {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are looked at, not typed
    const { rows } = await client.query<any>(text, parameters);
    return rows;
  });

async function call(who: Member, path: string, body?: object) {
  const headers = {
    authorization: `Bearer ${who.token}`,
    ...(body ? { 'content-type': 'application/json' } : {}),
  };
  const method = body ? 'POST' : 'GET';
  const init = body ? { method, headers, body: JSON.stringify(body) } : { method, headers };
  const response = await fetch(`${app.url}/api/v1${path}`, init);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
}

const ask = (who: Member, personId: string, reason = 'ticket 4711') =>
  call(who, '/audit-logs/erasures', { personId, reason });
const confirm = (who: Member, id: string) => call(who, `/audit-logs/erasures/${id}/confirm`, {});

/** Removed as a member, but not their past. */
async function left(person: Member): Promise<Member> {
  const headers = { authorization: `Bearer ${ada.token}` };
  const path = `${app.url}/api/v1/users/${person.userId}`;
  const { status } = await fetch(path, { method: 'DELETE', headers });
  expect(status).toBe(204);
  return person;
}

const erased = async (personId: string) => {
  const { body } = await ask(ada, personId);
  expect((await confirm(grace, body.id)).status).toBe(200);
  await eventually(async () => {
    await app.get(ErasureRunner).run();
    expect((await call(ada, `/audit-logs/erasures/${body.id}`)).body.status).toBe('done');
  });
  return (await call(ada, `/audit-logs/erasures/${body.id}`)).body;
};

const actorOf = ({ userId: id, username: name }: Member): Actor => ({
  kind: 'user',
  id,
  name,
  personId: id,
});

/** As if they had done it, from an address of their own. */
function enter(actor: Actor, record: Partial<AuditRecord>, source = { address: '', agent: '' }) {
  const { address, agent } = source;
  const ctx = new Context({ tenantId, actor, grants: Grants.none, requestId: newId() });
  const full: AuditRecord = {
    category: 'deployment',
    action: 'tested',
    subject: { kind: 'deployment', id: newId() },
    ...record,
  };
  const append = () =>
    app.get(Database).transaction(ctx, (open) => app.get(Audit).append(open, full));
  if (address === '') return append();
  return withRequestSource(() => ({ address, userAgent: agent, traceId: null }), append);
}

const seal = () =>
  eventually(async () => {
    await app.get(LogSealer).seal();
    expect(await sql('select 1 from audit_pending where tenant_id = $1', [tenantId])).toEqual([]);
  });

/** Everything that tables of the audit log hold of the tenant, as text. */
async function allRows(): Promise<string> {
  const tables = await sql(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and not c.relispartition and c.relname like 'audit%' and a.attname = 'tenant_id'`,
  );
  expect(tables.length).toBeGreaterThan(7);
  const texts = [];
  for (const { name } of tables) {
    const rows = await sql(`select t::text as row from ${name} t where tenant_id = $1`, [tenantId]);
    texts.push(...rows.map(({ row }: { row: string }) => row));
  }
  return texts.join('\n');
}

const ADDRESS = '203.0.113.77';
const AGENT = 'ana-on-her-laptop/1';
const EMAIL = 'ana.planted@example.org';

/** In every place in which an entry may be about them, and next to others in the same places. */
async function planted(ana: Member, bob: Member): Promise<void> {
  const { username, userId } = ana;
  const source = { address: ADDRESS, agent: AGENT };
  const nobody = { kind: 'system', id: 'login', name: 'anonymous', personId: null } as const;
  const key = {
    kind: 'access-key',
    id: newId(),
    name: 'key:anas-laptop',
    personId: userId,
  } as const;
  await sql('update users set email = $2, email_key = $2 where id = $1', [userId, EMAIL]);
  const invitation = { kind: 'invitation', id: newId() };
  const directory = { kind: 'directory-user', id: newId() };
  await enter(actorOf(bob), { subject: invitation, body: { email: 'ana.before@example.org' } });
  await enter(actorOf(bob), {
    subject: invitation,
    body: { email: 'ana.before@example.org', username, userId },
  });
  await enter(actorOf(bob), { subject: directory, body: { userName: 'ana@idp', userId: null } });
  await enter(actorOf(bob), { subject: directory, body: { userName: 'ana@idp', userId } });
  await enter(actorOf(ana), { body: { address: ADDRESS, before: { userAgent: AGENT } } }, source);
  await enter(actorOf(ana), { subject: { kind: 'address', id: ADDRESS } }, source);
  await enter(actorOf(ana), { subject: { kind: 'user', id: username } }, source);
  await enter(nobody, { subject: { kind: 'user', id: username.toUpperCase() } }, source);
  await enter(key, { body: { requestedBy: key.name } }, source);
  await enter(actorOf(bob), { body: { requestedBy: username, by: bob.username } });
  await enter(actorOf(bob), { body: { by: key.name, invitedBy: username } });
  await enter(actorOf(bob), { body: { by: { personId: userId, username }, person: username } });
  await enter(actorOf(bob), { body: { usernames: [bob.username, username], email: EMAIL } });
  await enter(actorOf(bob), {
    body: {
      before: { members: [{ userId, username, displayName: 'Ana Planted', givenName: 'Ana' }] },
    },
  });
  await enter(
    actorOf(bob),
    { subject: { kind: 'user', id: userId }, body: { username, displayName: 'Ana Planted' } },
    { address: '198.51.100.9', agent: 'bob/1' },
  );
}

describe('erasing a person', () => {
  let ana: Member;
  let bob: Member;
  let result: { pseudonym: string; [name: string]: unknown };
  let proofOf: string;
  beforeAll(async () => {
    [ana, bob] = [await app.member(tenantId, 'Admin'), await app.member(tenantId, 'Admin')];
    await planted(ana, bob);
    await call(ana, '/audit-logs?limit=1');
    await call(ana, '/audit-logs?limit=1');
    await left(ana);
    await seal();
    // And one that nobody has sealed yet.
    await enter(actorOf(ana), {}, { address: ADDRESS, agent: AGENT });
    const before = await allRows();
    for (const value of [ana.username, ADDRESS, AGENT, EMAIL, 'Ana Planted', 'key:anas-laptop']) {
      expect(before).toContain(value);
    }
    result = await erased(ana.userId);
    const [{ id }] = await sql(
      `select id from audit_entries where tenant_id = $1 and actor = $2 limit 1`,
      [tenantId, result.pseudonym],
    );
    proofOf = id;
  }, 60_000);

  it('leaves nothing of them in any table of the log', async () => {
    const after = await allRows();
    const values = [
      ana.username,
      ana.username.toUpperCase(),
      ADDRESS,
      AGENT,
      EMAIL,
      'ana.before@example.org',
      'ana@idp',
      'Ana Planted',
      '"Ana"',
      'key:anas-laptop',
    ];
    for (const value of values) expect([value, after.includes(value)]).toEqual([value, false]);
  });

  it('leaves what belongs to others', async () => {
    const after = await allRows();
    expect(after).toContain('198.51.100.9');
    expect(after).toContain('bob/1');
    const bodies = await sql(
      `select body_text::jsonb as body from audit_entries where tenant_id = $1 and actor = $2`,
      [tenantId, bob.username],
    );
    const all = bodies.map(({ body }: { body: object }) => body);
    const { pseudonym } = result;
    expect(all).toContainEqual({ requestedBy: pseudonym, by: bob.username });
    expect(all).toContainEqual({ usernames: [bob.username, pseudonym], email: pseudonym });
    expect(all).toContainEqual({
      by: { personId: ana.userId, username: pseudonym },
      person: pseudonym,
    });
  });

  it('keeps a log that verifies from its first entry to its last', async () => {
    await seal();
    const { body } = await call(ada, '/audit-logs/verification');
    expect(body).toMatchObject({ fault: null, strayIds: [] });
    expect(body.provenSize).toBe(body.size);
    const key = await call(ada, '/audit-logs/key');
    const proof = parseProof((await call(ada, `/audit-logs/${proofOf}/proof`)).text);
    expect(checkProof(proof, [parseVerifierKey(key.body.key)]).size).toBeGreaterThan(0);
    expect(proof.entry.toString()).not.toContain(ana.username);
    expect(proof.entry.toString()).toContain('"/actor/name"');
  });

  it('finds what they did by their id and their pseudonym, not by their name', async () => {
    const by = async (query: string) =>
      (await call(ada, `/audit-logs?limit=200&${query}`)).body.items.map(
        (entry: { actor: { name: string } }) => entry.actor.name,
      );
    expect(await by(`actor=${ana.username}`)).toEqual([]);
    expect(await by(`subject=${ana.username}`)).toEqual([]);
    expect((await call(ada, `/audit-logs/authentication/${ana.username}`)).body.items).toEqual([]);
    const byId = await by(`person=${ana.userId}`);
    expect(new Set(byId)).toEqual(new Set([result.pseudonym]));
    expect(byId.length).toBeGreaterThan(5);
    // What her key did, too: it bore her name.
    expect((await by(`actor=${result.pseudonym}`)).length).toBe(byId.length);
    expect(await by(`actor=${result.pseudonym}&action=logged-in`)).toHaveLength(1);
  });

  it('says so in the log, with what was out of reach, and nowhere whom', async () => {
    expect(result).toMatchObject({
      personId: ana.userId,
      requestedBy: ada.userId,
      confirmedBy: grace.userId,
      pseudonym: expect.stringMatching(/^erased-person-[0-9a-f]{16}$/),
      outOfReach: { exports: 0, receipts: 0, streams: 0 },
    });
    expect(result['entriesChanged']).toBeGreaterThan(14);
    const entries = await sql(
      `select action, actor, body_text::jsonb as body from audit_entries
       where tenant_id = $1 and subject_kind = 'audit-erasure' order by at, id`,
      [tenantId],
    );
    expect(entries).toEqual([
      {
        action: 'audit-erasure-requested',
        actor: ada.username,
        body: { personId: ana.userId, reason: 'ticket 4711' },
      },
      {
        action: 'audit-erasure-confirmed',
        actor: grace.username,
        body: { personId: ana.userId, pseudonym: result.pseudonym },
      },
      {
        action: 'audit-erasure-done',
        actor: 'system:audit-erasure',
        body: expect.objectContaining({ entriesChanged: result['entriesChanged'] }),
      },
    ]);
  });

  it('takes what was written since, once more, under the same pseudonym', async () => {
    await enter(actorOf(bob), { body: { requestedBy: ana.username } });
    const again = await erased(ana.userId);
    expect(again).toMatchObject({ pseudonym: result.pseudonym, entriesChanged: 1 });
    expect(await allRows()).not.toContain(ana.username);
  });

  it('erases another one out of a value that two are in', async () => {
    const other = await erased((await left(bob)).userId);
    const [{ body }] = await sql(
      `select body_text::jsonb as body from audit_entries
       where tenant_id = $1 and body_text like '%usernames%'`,
      [tenantId],
    );
    expect(body.usernames).toEqual([other.pseudonym, result.pseudonym]);
    expect(other.pseudonym).not.toBe(result.pseudonym);
    await seal();
    const { body: report } = await call(ada, '/audit-logs/verification');
    expect(report.fault).toBeNull();
  });
});

describe('asking for it', () => {
  let carl: Member;
  beforeAll(async () => {
    carl = await left(await app.member(tenantId, 'Viewer'));
  });
  const codeOf = async (answer: ReturnType<typeof call>) => {
    const { status, body } = await answer;
    return [status, body.code];
  };
  const withdraw = (who: Member, id: string) =>
    call(who, `/audit-logs/erasures/${id}/withdraw`, {});

  it('needs somebody else to confirm it, who may, and who has shown that it is they', async () => {
    const { status, body } = await ask(ada, carl.userId);
    expect([status, body.status]).toEqual([201, 'requested']);
    expect(await codeOf(ask(grace, carl.userId))).toEqual([409, 'erasure-exists']);
    expect(await codeOf(confirm(ada, body.id))).toEqual([403, 'erasure-needs-second-person']);
    const deployer = await app.member(tenantId, 'Deployer');
    expect(await codeOf(confirm(deployer, body.id))).toEqual([403, 'permission-missing']);
    const other = await app.member(await app.tenant('other'), 'Admin');
    expect(await codeOf(confirm(other, body.id))).toEqual([404, 'erasure-not-found']);
    const later = await app.member(tenantId, 'Admin');
    expect(await codeOf(withdraw(later, body.id))).toEqual([200, undefined]);
    const [last] = await sql(
      `select action, actor from audit_entries where tenant_id = $1 and subject_id = $2
       order by id desc limit 1`,
      [tenantId, body.id],
    );
    expect(last).toEqual({ action: 'audit-erasure-withdrawn', actor: later.username });
    expect(await codeOf(confirm(grace, body.id))).toEqual([409, 'erasure-not-open']);
  });

  it('expires after a week', async () => {
    const { body } = await ask(ada, carl.userId);
    await sql(`update audit_erasures set expires_at = now() where id = $1`, [body.id]);
    expect((await call(ada, `/audit-logs/erasures/${body.id}`)).body.status).toBe('expired');
    expect(await codeOf(confirm(grace, body.id))).toEqual([409, 'erasure-not-open']);
    expect((await ask(ada, carl.userId)).status).toBe(201);
    const { items } = (await call(ada, '/audit-logs/erasures')).body;
    expect(items.slice(0, 3).map((each: { status: string }) => each.status)).toEqual([
      'requested',
      'expired',
      'withdrawn',
    ]);
  });

  it('is not for oneself, nor for those who are there, nor for those whom nobody knows', async () => {
    expect(await codeOf(ask(ada, ada.userId))).toEqual([403, 'erasure-of-oneself']);
    expect(await codeOf(ask(ada, grace.userId))).toEqual([409, 'erasure-person-is-member']);
    expect(await codeOf(ask(ada, newId()))).toEqual([404, 'erasure-person-unknown']);
    const elsewhere = await app.member(await app.tenant('elsewhere'), 'Admin');
    const reason = `it is ${elsewhere.username}`;
    expect(await codeOf(ask(ada, elsewhere.userId, reason))).toEqual([
      404,
      'erasure-person-unknown',
    ]);
  });

  it('does not keep in its reason what it takes away', async () => {
    const dora = await left(await app.member(tenantId, 'Viewer'));
    const reason = `because ${dora.username.toUpperCase()}, has asked`;
    expect(await codeOf(ask(ada, dora.userId, reason))).toEqual([
      400,
      'erasure-reason-names-person',
    ]);
    expect(await codeOf(ask(ada, dora.userId, ' '))).toEqual([400, 'validation-failed']);
    expect(await allRows()).not.toContain('has asked');
  });

  it('is refused when they have come back before it is confirmed', async () => {
    const erin = await left(await app.member(tenantId, 'Viewer'));
    const { body } = await ask(ada, erin.userId);
    await sql('insert into memberships (tenant_id, user_id) values ($1, $2)', [
      tenantId,
      erin.userId,
    ]);
    expect(await codeOf(confirm(grace, body.id))).toEqual([409, 'erasure-person-is-member']);
  });

  it('wants people who have just shown that it is they', async () => {
    const old = await app.member(tenantId, 'Admin');
    await sql(
      `update credentials set data = jsonb_set(data, '{signIn,provedAt}', '1') where subject_id = $1`,
      [old.userId],
    );
    const { items } = (await call(ada, '/audit-logs/erasures')).body;
    expect(await codeOf(ask(old, carl.userId))).toEqual([403, 'step-up-required']);
    expect(await codeOf(confirm(old, items[0].id))).toEqual([403, 'step-up-required']);
    expect(await codeOf(withdraw(old, items[0].id))).toEqual([403, 'step-up-required']);
    const key = await call(ada, '/access-keys', {
      name: 'eraser',
      permissions: ['audit:erase', 'audit:read'],
    });
    expect(key.status).toBe(201);
    const machine = { ...ada, token: key.body.key ?? key.body.secret ?? key.body.token };
    expect((await call(machine, '/audit-logs/erasures')).status).toBe(200);
    expect(await codeOf(ask(machine, carl.userId))).toEqual([403, 'people-only']);
  });
});
