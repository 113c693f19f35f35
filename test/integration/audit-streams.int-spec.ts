/** Audit streams over HTTP, to real receivers: everything, in order, whoever is away or dies. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditSealerModule } from '../../src/edges/audit/audit-sealer.module.js';
import { LogKey } from '../../src/edges/audit/log/log-key.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { claimStreams } from '../../src/edges/audit/streams/stream-claims.store.js';
import { StreamSender } from '../../src/edges/audit/streams/stream-sender.js';
import { StreamSenderModule } from '../../src/edges/audit/streams/stream-sender.module.js';
import { StreamTurn } from '../../src/edges/audit/streams/stream-turn.js';
import { armFailpoints } from '../../src/kernel/failpoint.js';
import { newId } from '../../src/kernel/ids.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { TenantDirectory } from '../../src/tenancy/tenants/tenant-directory.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { hang, Receiver } from '../support/receiver.js';
import {
  rangeOf,
  sequencesOf,
  signatureOf,
  upTo,
  verifierOf,
} from '../support/stream-deliveries.js';
import { type Member, WholeApp } from '../support/whole-app.js';

let app: WholeApp;
let tenantId: string;
let admin: Member;
let receiver: Receiver;
const logged: string[] = [];
beforeAll(async () => {
  const environment = { TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' };
  const modules = [AuditSealerModule, StreamSenderModule];
  const destination = { write: (line: string) => void logged.push(line) };
  const logger = Logger.create({ level: 'trace', format: 'json', destination });
  app = await WholeApp.start({ environment, modules, logger });
}, 60_000);
afterAll(() => app?.close());

/** A tenant with its Admin, and a receiver, for each test. */
beforeEach(async () => {
  tenantId = await app.tenant(`t-${newId()}`);
  admin = await app.member(tenantId, 'Admin');
  receiver = await Receiver.start();
});
afterEach(async () => {
  armFailpoints(undefined);
  await sql('update audit_stream_positions set due_at = null where tenant_id = $1', [tenantId]);
  await receiver.close();
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are looked at, not typed
type Any = any;
const sql = async (text: string, parameters: unknown[] = []) =>
  (await withClient(app.database.superuser, (client) => client.query<Any>(text, parameters))).rows;

async function ask(method: string, path: string, body?: object, more: object = {}, as = admin) {
  const json: Record<string, string> =
    body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(`${app.url}/api/v1/audit-logs/streams${path}`, {
    method,
    headers: { authorization: `Bearer ${as.token}`, ...json, ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const { headers, status } = answer;
  return { status, headers, body: text === '' ? null : JSON.parse(text) };
}

async function stream(more: object = {}): Promise<Any> {
  const body = { name: `s-${newId()}`, url: receiver.url(), format: 'tidegate', ...more };
  const made = await ask('POST', '', body);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return made.body;
}

const append = (count = 1, category: 'deployment' | 'settings' = 'deployment') =>
  app.inTenant(tenantId, async (open) => {
    for (let number = 0; number < count; number += 1) {
      const subject = { kind: 'deployment', id: newId() };
      const record = { category, action: 'tested', subject, body: { number } };
      await app.get(Audit).append(open, record);
    }
  });

/** The product's own sealer is at it, too: what one has taken, the other leaves. */
const sealed = async (): Promise<number> => {
  await eventually(async () => {
    await app.get(LogSealer).seal();
    expect(await sql('select 1 from audit_pending where tenant_id = $1', [tenantId])).toEqual([]);
  });
  return (await sql('select size from audit_trees where tenant_id = $1', [tenantId]))[0].size;
};
const PLACE = `select position::int, failures, last_error,
  extract(epoch from due_at - now())::float8 as seconds from audit_stream_positions where stream_id = $1`;
const place = async (id: string) => (await sql(PLACE, [id]))[0];
const hurry = async () => {
  await sql('update audit_stream_positions set due_at = now() where due_at > now()');
  app.get(StreamSender).look();
};
const caughtUp = (id: string) =>
  eventually(async () => {
    const size = Number(await sealed());
    app.get(StreamSender).look();
    expect((await place(id)).position).toBe(size);
  });

async function turnTenant(verb: 'suspend' | 'activate'): Promise<void> {
  const { token } = await app.member(PLATFORM_TENANT.id, 'PlatformAdmin');
  const answer = await fetch(`${app.url}/api/v1/tenants/${tenantId}/${verb}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'test' }),
  });
  expect(answer.status).toBe(200);
}

describe('what goes out', () => {
  it('is everything, from the beginning, and verifies as the log itself does', async () => {
    await append(7);
    await sealed();
    await append(5);
    const { id, signingSecret } = await stream({ start: 'beginning', authorization: 'Bearer x-y' });
    await append(3);
    await caughtUp(id);
    const size = Number(await sealed());
    const taken = receiver.received;
    expect(sequencesOf(taken)).toEqual(upTo(size));
    const ends = taken.map(rangeOf);
    for (const [at, [from]] of ends.entries())
      expect(from).toBe(at === 0 ? 0 : ends[at - 1]![1] + 1);
    for (const delivery of taken) {
      expect(delivery.headers).toMatchObject({
        'webhook-signature': signatureOf(delivery, signingSecret),
        'webhook-id': `${id}.${rangeOf(delivery).join('-')}`,
        'content-type': 'application/x-ndjson',
        authorization: 'Bearer x-y',
        'tidegate-stream': id,
      });
    }
    const verifier = verifierOf(taken, app.get(LogKey).verifierOf(tenantId));
    expect([verifier.fault, verifier.provenSize]).toEqual([null, size]);
  });

  it('makes no entries by itself', async () => {
    const { id } = await stream();
    await append();
    await caughtUp(id);
    const size = await sealed();
    const before = receiver.received.length;
    await append(1);
    await caughtUp(id);
    expect(Number(await sealed())).toBe(Number(size) + 1);
    expect(receiver.received).toHaveLength(before + 1);
  });

  it('is OCSF, of the categories that are wanted, and says what was looked at', async () => {
    await append(2, 'settings');
    await sealed();
    const format = { format: 'ocsf', categories: ['deployment'] };
    const { id, position } = await stream(format);
    await append(3, 'settings');
    await sealed();
    app.get(StreamSender).look();
    await caughtUp(id);
    expect(receiver.received).toEqual([]);
    await append(2);
    await append(1, 'settings');
    await caughtUp(id);
    const size = Number(await sealed());
    const events = receiver.bodies.flat() as Any[];
    expect(events).toMatchObject([
      { class_uid: 6003, metadata: { tenant_uid: tenantId, log_name: 'audit' } },
      { class_uid: 6003, unmapped: { details: { number: 1 } } },
    ]);
    // Also what was not wanted is spoken for: a receiver sees that there is no gap.
    const ranges = receiver.received.map(rangeOf);
    expect(ranges[0]![0]).toBe(position);
    expect(ranges.at(-1)![1]).toBeLessThan(size);
    const shown = (await ask('GET', `/${id}`)).body;
    expect(shown).toMatchObject({ position: size, behind: 0, lastError: null });
  });

  it('is cut where it would be too much for one delivery', async () => {
    await app.inTenant(tenantId, async (open) => {
      for (let number = 0; number < 12; number += 1) {
        const subject = { kind: 'deployment', id: newId() };
        const body = { text: '"'.repeat(15_000) };
        const record = { category: 'deployment', action: 'tested', subject, body } as const;
        await app.get(Audit).append(open, record);
      }
    });
    const { id } = await stream({ start: 'beginning' });
    await caughtUp(id);
    expect(sequencesOf(receiver.received)).toEqual(upTo(Number(await sealed())));
    expect(receiver.received.length).toBeGreaterThan(2);
  });
});

describe('a receiver', () => {
  it('that is away for an hour gets everything afterwards, in order, without a gap', async () => {
    const { id, position } = await stream();
    receiver.answer = () => ({ status: 503 });
    let seconds = 0;
    let attempts = 0;
    await append(2);
    await sealed();
    app.get(StreamSender).look();
    while (seconds < 3_600) {
      attempts += 1;
      await eventually(async () => expect((await place(id)).failures).toBe(attempts));
      seconds += (await place(id)).seconds;
      if (attempts % 5 === 0) await append(1);
      await sealed();
      await hurry();
    }
    const { body: away } = await ask('GET', `/${id}`);
    expect(away).toMatchObject({ lastError: 'status-503', lastDeliveredSequence: null });
    expect(away.behind).toBeGreaterThan(4);
    // Five minutes at most from one try to the next.
    expect(attempts).toBeGreaterThan(15);
    receiver.received.length = 0;
    receiver.answer = () => ({});
    await eventually(async () => {
      await hurry();
      await caughtUp(id);
    });
    expect(sequencesOf(receiver.received)).toEqual(upTo(Number(await sealed()), position));
    const { body } = await ask('GET', `/${id}`);
    expect(body).toMatchObject({ behind: 0, behindSince: null, failures: 0, lastError: null });
  });

  it('that hangs holds up nobody else', async () => {
    const slow = await Receiver.start();
    slow.answer = hang;
    try {
      await stream({ url: slow.url() });
      const { id } = await stream();
      await append(1);
      await eventually(() => expect(slow.received).toHaveLength(1));
      await append(1);
      await caughtUp(id);
    } finally {
      await slow.close();
    }
  });

  it.each([301, 410, 422])('that says %i is not given up', async (status) => {
    receiver.answer = () => ({ status });
    const { id } = await stream();
    await append(1);
    await eventually(async () => {
      await sealed();
      await hurry();
      expect(receiver.received.length).toBeGreaterThan(1);
    });
    receiver.answer = () => ({});
    await hurry();
    await caughtUp(id);
  });

  it('gets twice what was taken and not written down', async () => {
    const { id, position } = await stream();
    let cuts = 1;
    armFailpoints(async (at) => {
      if (at === 'audit-stream.send:after' && cuts-- > 0) throw new Error('killed');
    });
    await append(2);
    await eventually(async () => {
      await sealed();
      app.get(StreamSender).look();
      expect(receiver.received).toHaveLength(1);
    });
    expect((await place(id)).position).toBe(position);
    // Nobody gives back what a dead process held; it runs out.
    await sql('update audit_stream_positions set lease_until = now() where stream_id = $1', [id]);
    await caughtUp(id);
    const sequences = sequencesOf(receiver.received);
    const all = upTo(Number(await sealed()), position);
    expect(sequences.length).toBeGreaterThan(all.length);
    expect([...new Set(sequences)]).toEqual(all);
  });
});

describe('over HTTP', () => {
  const actions = () =>
    sql(
      `select action, body_text from audit_entries where tenant_id = $1 and action like 'audit-stream%'
       order by at, id`,
      [tenantId],
    );

  it('is made, changed, paused, rotated and deleted, each an entry without secrets', async () => {
    const { id, signingSecret, ...shown } = await stream({ authorization: 'Bearer canary-1' });
    expect(signingSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const read = await ask('GET', `/${id}`);
    expect(read.body).toMatchObject({ name: shown.name, hasAuthorization: true, isPaused: false });
    expect(read.headers.get('etag')).toBe('"1"');
    expect((await ask('GET', '')).body.items).toMatchObject([{ id }]);
    const { name } = shown;
    const put = (body: object, version = '"1"') =>
      ask('PUT', `/${id}`, body, { 'if-match': version });
    const rules = { name, url: receiver.url('/in'), categories: ['approval'] };
    expect((await ask('PUT', `/${id}`, rules)).body.code).toBe('if-match-required');
    expect((await put(rules)).body).toMatchObject({ version: 2, hasAuthorization: true });
    expect((await put(rules)).body.code).toBe('version-mismatch');
    // It is not sent to anybody whom it was not given for.
    const elsewhere = { ...rules, url: 'https://other.example/' };
    expect((await put(elsewhere, '"2"')).body).toMatchObject({ hasAuthorization: false });
    expect((await ask('POST', `/${id}/pause`)).body).toMatchObject({ isPaused: true });
    expect((await ask('POST', `/${id}/pause`)).body).toMatchObject({ version: 4 });
    expect((await ask('POST', `/${id}/resume`)).body).toMatchObject({ isPaused: false });
    const rotated = await ask('POST', `/${id}/rotate-secret`, { overlapMinutes: 5 });
    expect(rotated.body.previousSecretUntil).toEqual(expect.any(String));
    expect((await ask('DELETE', `/${id}`)).status).toBe(204);
    expect((await ask('GET', `/${id}`)).body.code).toBe('audit-stream-not-found');
    const entries = await actions();
    expect(entries.map(({ action }) => action)).toEqual(
      ['created', 'changed', 'changed', 'paused', 'resumed', 'secret-rotated', 'deleted'].map(
        (word) => `audit-stream-${word}`,
      ),
    );
    const rows = await sql('select * from audit_streams');
    const everything = JSON.stringify([entries, rows, logged]);
    for (const secret of [signingSecret, rotated.body.signingSecret, 'canary-1']) {
      expect(everything).not.toContain(secret.replace('whsec_', ''));
    }
  });

  it('refuses what is not right', async () => {
    const { name, id } = await stream();
    const url = receiver.url();
    const codeOf = async (body: object, more: object = {}, as = admin) =>
      (await ask('POST', '', { url, format: 'ocsf', ...body }, more, as)).body.code;
    expect(await codeOf({ name: name.toUpperCase() })).toBe('audit-stream-exists');
    expect(await codeOf({ name: 'b', url: 'ftp://x.example/' })).toBe('outbound-url-invalid');
    expect(await codeOf({ name: 'b', extra: 1 })).toBe('validation-failed');
    expect(await codeOf({ name: 'b', categories: ['x'] })).toBe('validation-failed');
    expect(await codeOf({ name: 'b' }, { 'idempotency-key': 'k' })).toBe('idempotency-key-refused');
    const deployer = await app.member(tenantId, 'Deployer');
    expect(await codeOf({ name: 'b' }, {}, deployer)).toBe('permission-missing');
    const other = await app.member(await app.tenant(`o-${newId()}`), 'Admin');
    expect((await ask('GET', `/${id}`, undefined, {}, other)).status).toBe(404);
    for (let more = 0; more < 4; more += 1) await stream();
    expect(await codeOf({ name: 'b' })).toBe('audit-stream-limit');
  });

  it('asks once more who it is before the log may go elsewhere', async () => {
    const { paths } = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as Any;
    for (const [path, method] of [
      ['', 'post'],
      ['/{id}', 'put'],
      ['/{id}', 'delete'],
      ['/{id}/pause', 'post'],
      ['/{id}/resume', 'post'],
      ['/{id}/rotate-secret', 'post'],
    ] as const) {
      expect(paths[`/api/v1/audit-logs/streams${path}`][method]['x-step-up']).toBe(true);
    }
  });
});

describe('a stream', () => {
  it('that is paused sends nothing, and goes on where it was', async () => {
    const { id, position } = await stream();
    await ask('POST', `/${id}/pause`);
    await append(3);
    await sealed();
    app.get(StreamSender).look();
    expect((await ask('GET', `/${id}`)).body).toMatchObject({ isPaused: true, nextTryAt: null });
    expect(receiver.received).toEqual([]);
    await ask('POST', `/${id}/resume`);
    await caughtUp(id);
    expect(sequencesOf(receiver.received)).toEqual(upTo(Number(await sealed()), position));
  });

  it('signs with both secrets until the overlap is over', async () => {
    const { id, signingSecret: before } = await stream();
    const { body } = await ask('POST', `/${id}/rotate-secret`, { overlapMinutes: 5 });
    await caughtUp(id);
    const both = receiver.received.at(-1)!;
    const signatures = [body.signingSecret, before].map((each) => signatureOf(both, each));
    expect(both.headers['webhook-signature']).toBe(signatures.join(' '));
    await ask('POST', `/${id}/rotate-secret`, { overlapMinutes: 0 });
    await caughtUp(id);
    expect(receiver.received.at(-1)!.headers['webhook-signature']).not.toContain(' ');
  });

  it('that stays behind is told of once, until it has caught up', async () => {
    const { id } = await stream();
    receiver.answer = () => ({ status: 500 });
    const behind = () =>
      sql(
        `select body_text from audit_entries where tenant_id = $1 and action = 'audit-stream-behind'`,
        [tenantId],
      );
    await append(1);
    await eventually(async () => {
      await sealed();
      await hurry();
      expect((await place(id)).failures).toBeGreaterThan(0);
    });
    expect(await behind()).toEqual([]);
    await sql(
      `update audit_stream_positions set behind_since = now() - interval '16 minutes' where stream_id = $1`,
      [id],
    );
    await eventually(async () => {
      await hurry();
      expect(await behind()).toHaveLength(1);
    });
    const { failures } = await place(id);
    await eventually(async () => {
      await hurry();
      expect((await place(id)).failures).toBeGreaterThan(failures + 1);
    });
    const told = await behind();
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0].body_text)).toMatchObject({ minutes: 15, error: 'status-500' });
    receiver.answer = () => ({});
    await eventually(async () => {
      await hurry();
      await caughtUp(id);
    });
  });

  it('stands still before an entry that is not what was sealed', async () => {
    await append(4);
    await sealed();
    const [{ id: entry, sequence }] = await sql(
      `select e.id, l.sequence from audit_entries e join audit_leaves l on l.entry_id = e.id
       where e.tenant_id = $1 and e.action = 'tested' order by l.sequence offset 2 limit 1`,
      [tenantId],
    );
    await withClient(app.database.superuser, async (client) => {
      await client.query('set session_replication_role = replica');
      await client.query(`update audit_entries set action = 'teste' where id = $1`, [entry]);
    });
    const { id } = await stream({ start: 'beginning' });
    await eventually(async () => {
      app.get(StreamSender).look();
      expect((await place(id)).last_error).toBe('entry-altered');
    });
    expect(sequencesOf(receiver.received)).toEqual(upTo(Number(sequence)));
  });

  it('of a tenant that is suspended waits, and loses nothing', async () => {
    const { id, position } = await stream();
    await caughtUp(id);
    await turnTenant('suspend');
    await eventually(() => expect(app.get(TenantDirectory).of(tenantId)?.status).toBe('suspended'));
    const before = receiver.received.length;
    await append(2);
    await eventually(async () => {
      await sealed();
      app.get(StreamSender).look();
      expect((await place(id)).seconds).toBeGreaterThan(30);
    });
    expect(receiver.received).toHaveLength(before);
    await turnTenant('activate');
    await eventually(async () => {
      await hurry();
      await caughtUp(id);
    });
    expect(sequencesOf(receiver.received)).toEqual(upTo(Number(await sealed()), position));
  });
});

describe('whoever sends', () => {
  const claim = (isFailing = false) =>
    app
      .get(Database)
      .system((tx) => claimStreams(tx, { lease: newId(), leaseMs: 15_000, take: 100, isFailing }));

  it('is one at a time, and who has slept through its lease changes nothing', async () => {
    // The product's own sender would be a third.
    await app.get(StreamSender).beforeApplicationShutdown();
    const { id, position } = await stream();
    await append(3);
    await sealed();
    const claims = (await Promise.all([claim(), claim(), claim()]))
      .flat()
      .filter(({ streamId }) => streamId === id);
    expect(claims).toHaveLength(1);
    await sql('update audit_stream_positions set lease_until = now() where stream_id = $1', [id]);
    const [later] = (await claim()).filter(({ streamId }) => streamId === id);
    const turn = app.get(StreamTurn);
    const { signal } = new AbortController();
    await turn.take(claims[0]!, signal);
    expect([receiver.received.length, (await place(id)).position]).toEqual([0, position]);
    await turn.take(later!, signal);
    const size = Number(await sealed());
    expect((await place(id)).position).toBe(size);
    await turn.take(later!, signal);
    expect(sequencesOf(receiver.received)).toEqual(upTo(size, position));
  });
});
