/** What the database lets happen to an entry of the audit log: the erasure that was agreed to, and nothing else. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { commitmentTo } from '../../src/kernel/tlog/audit-leaf.js';
import { newId } from '../../src/kernel/ids.js';
import { AuditRig } from '../support/audit-rig.js';
import { withClient } from '../support/database.js';

const PSEUDONYM = 'erased-person-0123456789abcdef';
/** What JSON writes in a way of its own, and PostgreSQL must write alike. */
const NAME = 'ana "the\\slash"\u0001\b\t\u007f\u2028 Ünï𝄞/';

let rig: AuditRig;
let tenantId: string;
let entry: Entry;
beforeAll(async () => {
  rig = await AuditRig.start();
}, 120_000);
afterAll(() => rig?.stop());
beforeEach(async () => {
  tenantId = await rig.tenant();
  await rig.append(tenantId, 1, {
    subject: { kind: 'user', id: NAME },
    body: { by: NAME, note: NAME, before: { email: ['x', { a: NAME, b: 1 }] } },
  });
  entry = await entryNow();
});

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly subject_id: string;
  readonly source_address: string | null;
  readonly user_agent: string | null;
  readonly body_text: string;
  readonly salts_text: string;
}

async function entryNow(): Promise<Entry> {
  const [row] = await rig.sql<Entry>(
    `select id, at::text, actor, subject_id, source_address, user_agent, body_text, salts_text
     from audit_entries where tenant_id = $1`,
    [tenantId],
  );
  return row!;
}

/** With a request that somebody else has confirmed; or not. */
async function agreed(status = 'confirmed'): Promise<void> {
  const isConfirmed = status === 'confirmed' || status === 'done';
  await rig.sql(
    `insert into audit_erasures (tenant_id, id, person_id, reason, status, requested_by, expires_at,
       confirmed_by, confirmed_at, pseudonym, ended_at)
     values ($1, $2, $3, 'a ticket', $4, $5, now() + interval '7 days', $6, $7, $8, $9)`,
    [
      tenantId,
      newId(),
      newId(),
      status,
      newId(),
      isConfirmed ? newId() : null,
      isConfirmed ? new Date() : null,
      isConfirmed ? PSEUDONYM : null,
      status === 'done' ? new Date() : null,
    ],
  );
}

const salts = () => JSON.parse(entry.salts_text) as Record<string, string>;
const body = () => JSON.parse(entry.body_text) as Record<string, unknown>;
const committed = (pointer: string, value: unknown) =>
  `sha256:${commitmentTo(value, salts()[pointer]!)}`;
const withSalts = (changed: Record<string, string>) => JSON.stringify({ ...salts(), ...changed });

const erase = (changes: Partial<Entry>, tenant = tenantId) =>
  withClient(rig.database.system, async (client) => {
    const { rows } = await client.query<{ changed: number }>(
      'select tidegate_erase_entries($1, $2) as changed',
      [tenant, JSON.stringify([{ ...entry, ...changes }])],
    );
    return rows[0]!.changed;
  });

const subjectErased = () => ({
  subject_id: PSEUDONYM,
  salts_text: withSalts({ '/subject/id': committed('/subject/id', NAME) }),
});

describe('the one function', () => {
  it('replaces a value by the pseudonym that was agreed to, with the commitment to it', async () => {
    await agreed();
    expect(await erase(subjectErased())).toBe(1);
    expect(await entryNow()).toEqual({ ...entry, ...subjectErased() });
  });

  it('replaces members of a body, also within a value that says more', async () => {
    await agreed();
    const before = { email: ['x', { a: PSEUDONYM, b: 1 }] };
    const changes = {
      body_text: JSON.stringify({ ...body(), by: PSEUDONYM, before }),
      salts_text: withSalts({
        '/body/by': committed('/body/by', NAME),
        '/body/before/email': committed('/body/before/email', ['x', { a: NAME, b: 1 }]),
      }),
    };
    expect(await erase(changes)).toBe(1);
  });

  it.each<[string, () => Partial<Entry>, RegExp]>([
    [
      'a commitment to something else',
      () => ({
        ...subjectErased(),
        salts_text: withSalts({ '/subject/id': committed('/subject/id', 'bob') }),
      }),
      /not the commitment/,
    ],
    [
      'a commitment with another salt',
      () => ({
        ...subjectErased(),
        salts_text: withSalts({
          '/subject/id': `sha256:${commitmentTo(NAME, '00'.repeat(16))}`,
        }),
      }),
      /not the commitment/,
    ],
    [
      'another salt instead of a commitment',
      () => ({ salts_text: withSalts({ '/subject/id': '00'.repeat(16) }) }),
      /not the commitment/,
    ],
    ['a value whose salt stays', () => ({ subject_id: PSEUDONYM }), /nobody has agreed/],
    ['another name', () => ({ ...subjectErased(), subject_id: 'bob' }), /nobody has agreed/],
    ['a column that is not personal in it', () => ({ actor: PSEUDONYM }), /only what is personal/],
    [
      'a member of the body that is not',
      () => ({ body_text: JSON.stringify({ ...body(), note: PSEUDONYM }) }),
      /only what is personal/,
    ],
    [
      'a member more',
      () => ({ body_text: JSON.stringify({ ...body(), more: 1 }) }),
      /only what is personal/,
    ],
    ['a value that becomes another one within', within(['x', { a: 'bob', b: 1 }]), /nobody/],
    ['a value that loses something within', within(['x']), /nobody/],
    ['a salt less', () => ({ salts_text: '{}' }), /only what is personal/],
    [
      'a salt more',
      () => ({ salts_text: withSalts({ '/body/note': '00'.repeat(16) }) }),
      /only what is personal/,
    ],
  ])('refuses %s', async (_what, changes, message) => {
    await agreed();
    await expect(erase(changes())).rejects.toThrow(message);
    expect(await entryNow()).toEqual(entry);
  });

  function within(email: unknown) {
    return () => ({
      body_text: JSON.stringify({ ...body(), before: { email } }),
      salts_text: withSalts({
        '/body/before/email': committed('/body/before/email', ['x', { a: NAME, b: 1 }]),
      }),
    });
  }

  it.each(['requested', 'done', 'withdrawn', 'of nobody', 'of another tenant'])(
    'refuses what nobody has agreed to: %s',
    async (status) => {
      if (status === 'of another tenant') {
        const own = tenantId;
        tenantId = await rig.tenant();
        await agreed();
        tenantId = own;
      } else if (status === 'withdrawn') {
        await agreed('requested');
        await rig.sql(
          `update audit_erasures set status = 'withdrawn', ended_at = now() where tenant_id = $1`,
          [tenantId],
        );
      } else if (status !== 'of nobody') await agreed(status);
      await expect(erase(subjectErased())).rejects.toThrow(/nobody has agreed/);
    },
  );

  it('does not find entries of another tenant', async () => {
    await agreed();
    expect(await erase(subjectErased(), await rig.tenant())).toBe(0);
    expect(await entryNow()).toEqual(entry);
  });

  it('keeps an erased value erased', async () => {
    await agreed();
    await erase(subjectErased());
    await expect(erase({})).rejects.toThrow(/not the commitment/);
    entry = await entryNow();
    await expect(erase({ subject_id: NAME })).rejects.toThrow(/nobody has agreed/);
  });
});

describe('everybody else', () => {
  const UPDATE = `update audit_entries set subject_id = '${PSEUDONYM}'`;
  const { app, system, owner } = { app: 'app', system: 'system', owner: 'owner' } as const;

  it.each([app, system, owner])('changes no entry by itself: %s', async (role) => {
    await agreed();
    await withClient(rig.database[role], async (client) => {
      await client.query(`select set_config('app.tenant_id', $1, false)`, [tenantId]);
      // Row-level security hides all rows from the owner; the others have no right.
      const changed = await client.query(UPDATE).then(
        ({ rowCount }) => rowCount,
        (error: Error) => error.message,
      );
      expect(changed).toEqual(role === owner ? 0 : expect.stringMatching(/permission denied/));
    });
    expect(await entryNow()).toEqual(entry);
  });

  it.each([app, owner])('may not call the function: %s', async (role) => {
    await withClient(rig.database[role], async (client) => {
      const called = client.query(`select tidegate_erase_entries($1, '[]')`, [tenantId]);
      await expect(called).rejects.toThrow(/permission denied/);
    });
  });

  const asRole = <T>(role: string, work: (client: Client) => Promise<T>) =>
    rig.asSuperuser(async (client) => {
      await client.query(`set role ${role}`);
      return work(client);
    });

  it('is told so even with all rights, and as the role that rewrites rows', async () => {
    await agreed();
    await expect(rig.sql(UPDATE)).rejects.toThrow(/append-only/);
    await asRole('tidegate_backfill', async (client) => {
      await expect(client.query(UPDATE)).rejects.toThrow(/nobody has agreed/);
      const outcome = `update audit_entries set result = 'denied'`;
      await expect(client.query(outcome)).rejects.toThrow(/permission denied/);
      await expect(client.query('delete from audit_entries')).rejects.toThrow(/append-only/);
    });
    await expect(rig.sql('delete from audit_entries')).rejects.toThrow(/append-only/);
  });

  it('cannot say alone that it was agreed', async () => {
    const person = newId();
    const make = (requestedBy: string, confirmedBy: string, personId = newId()) =>
      rig.sql(
        `insert into audit_erasures (tenant_id, id, person_id, reason, status, requested_by, expires_at,
           confirmed_by, confirmed_at, pseudonym)
         values ($1, $2, $3, '', 'confirmed', $4, now(), $5, now(), $6)`,
        [tenantId, newId(), personId, requestedBy, confirmedBy, PSEUDONYM],
      );
    await expect(make(person, person)).rejects.toThrow(/check constraint/);
    await expect(make(newId(), person, person)).rejects.toThrow(/check constraint/);
    await expect(make(person, newId(), person)).rejects.toThrow(/check constraint/);
  });
});
