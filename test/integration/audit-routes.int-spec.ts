/** The audit log over HTTP: who may ask what, and what others need to check the answers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditSealerModule } from '../../src/edges/audit/audit-sealer.module.js';
import { AuditReads } from '../../src/edges/audit/entries/audit-reads.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { checkProof, openCheckpoint, parseProof } from '../../src/kernel/tlog/checkpoint.js';
import { type NoteVerifier, parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { leafHash } from '../../src/kernel/tlog/tree.js';
import { isConsistent } from '../../src/kernel/tlog/tree-proofs.js';
import { newId } from '../../src/kernel/ids.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { type Member, WholeApp } from '../support/whole-app.js';

let app: WholeApp;
let tenantId: string;
let admin: Member;
const deployments = [newId(), newId(), newId()];
beforeAll(async () => {
  app = await WholeApp.start({ modules: [AuditSealerModule] });
  tenantId = await app.tenant('acme');
  admin = await app.member(tenantId, 'Admin');
  await app.inTenant(tenantId, async (open) => {
    for (const [at, id] of deployments.entries()) {
      await app.get(Audit).append(open, {
        category: at === 0 ? 'rollback' : 'deployment',
        action: at === 0 ? 'rollback-created' : 'deployment-created',
        subject: { kind: 'deployment', id },
        result: at === 2 ? 'denied' : 'allowed',
        body: { releaseId: deployments[0] },
      });
    }
  });
  await seal();
}, 60_000);
afterAll(() => app?.close());

/** The product's own sealer is at it, too: what one has taken, the other leaves. */
const seal = () =>
  eventually(async () => {
    await app.get(LogSealer).seal();
    expect(await sql('select 1 from audit_pending where tenant_id = $1', [tenantId])).toEqual([]);
  });
const sql = (text: string, parameters: unknown[] = []) =>
  withClient(app.database.superuser, async (client) => {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are looked at, not typed
    const { rows } = await client.query<any>(text, parameters);
    return rows;
  });

async function get(path: string, token = admin.token) {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'test/1' };
  const response = await fetch(`${app.url}/api/v1/audit-logs${path}`, { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    bytes,
    text: bytes.toString(),

    body: isJson ? JSON.parse(bytes.toString()) : undefined,
  };
}

const actionsOf = async (path: string) => {
  const { status, body } = await get(path);
  expect([status, body.code]).toEqual([200, undefined]);
  return body.items.map((entry: { action: string }) => entry.action);
};

describe('asking', () => {
  it('shows entries with all that is known, the newest first', async () => {
    const { body } = await get(`?deployment=${deployments[2]}`);
    expect(body).toEqual({
      items: [
        {
          id: expect.any(String),
          sequence: expect.any(Number),
          at: expect.any(String),
          category: 'deployment',
          action: 'deployment-created',
          outcome: 'denied',
          actor: { kind: 'system', id: 'test', name: 'system:test' },
          actingFor: null,
          subject: { kind: 'deployment', id: deployments[2] },
          sourceAddress: null,
          userAgent: null,
          requestId: expect.any(String),
          traceId: null,
          releaseId: deployments[0],
          deploymentId: deployments[2],
          version: 2,
          details: { releaseId: deployments[0] },
        },
      ],
      nextCursor: null,
    });
    const shown = await get(`/${body.items[0].id}`);
    expect(shown.body).toEqual(body.items[0]);
  });

  it('combines its filters', async () => {
    expect(await actionsOf('?category=rollback')).toEqual(['rollback-created']);
    expect(await actionsOf('?category=deployment&outcome=allowed')).toEqual(['deployment-created']);
    const acts = 'actor=system:test&action=deployment-created';
    expect(await actionsOf(`?${acts}&outcome=failed`)).toEqual([]);
    expect(await actionsOf(`?${acts}&release=${deployments[0]}`)).toHaveLength(2);
    expect(await actionsOf(`?${acts}&subject=${deployments[1]}`)).toHaveLength(1);
    const now = new Date(Date.now() + 60_000).toISOString();
    expect(await actionsOf(`?${acts}&from=${now}`)).toEqual([]);
    expect(await actionsOf(`?${acts}&to=${now}`)).toHaveLength(2);
  });

  it('goes on where a page ended, and ends', async () => {
    const all: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { body: { items: { id: string }[]; nextCursor: string | null } } = await get(
        `?actor=system:test&limit=1${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      all.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(all).toHaveLength(3);
    expect(all).toEqual([...all].sort().reverse());
  });

  it('has a path for what is asked most', async () => {
    expect(await actionsOf(`/deployments/${deployments[0]}`)).toEqual(['rollback-created']);
    expect(await actionsOf(`/approvals/${deployments[0]}`)).toEqual([]);
    expect(await actionsOf('/category/rollback')).toEqual(['rollback-created']);
    expect(await actionsOf(`/authentication/${admin.username}`)).toEqual(['logged-in']);
    const { body } = await get(`/authentication/${admin.username}`);
    const { traceId, sourceAddress } = body.items[0];
    expect(sourceAddress).toBe('127.0.0.1');
    expect(await actionsOf(`/trace/${traceId}`)).toEqual(['logged-in']);
    expect(await actionsOf(`?trace=${traceId}`)).toEqual(['logged-in']);
  });

  it.each(['?category=fleet', '?from=yesterday', '?trace=1', '?nothing=1', '/category/x', '/x'])(
    'refuses %s',
    async (path) => expect((await get(path)).body.code).toBe('validation-failed'),
  );

  it('is for Admins of the tenant', async () => {
    const viewer = await app.member(tenantId, 'Deployer');
    const other = await app.member(await app.tenant('other'), 'Admin');
    const [{ id }] = (await get('?limit=1')).body.items;
    for (const path of ['', '/key', '/checkpoint', `/${id}`, `/${id}/proof`, '/tile/0/000.p/1']) {
      expect((await get(path, viewer.token)).body.code).toBe('permission-missing');
    }
    for (const path of [`/${id}`, `/${id}/proof`]) {
      expect((await get(path, other.token)).body.code).toBe('audit-entry-not-found');
    }
    expect((await get(`?deployment=${deployments[0]}`, other.token)).body.items).toEqual([]);
  });
});

describe('reading', () => {
  it('is an entry itself, one for many', async () => {
    const reader = await app.member(tenantId, 'Admin');
    for (let time = 0; time < 4; time += 1) await get('?limit=1', reader.token);
    await get('/checkpoint', reader.token);
    const told = () =>
      sql(
        `select actor, source_address as address, body_text as body from audit_entries
         where action = 'audit-log-read' and actor = $1 order by at, id`,
        [reader.username],
      );
    const first = {
      actor: reader.username,
      address: '127.0.0.1',
      body: '{"count":1,"part":"entries"}',
    };
    expect(await told()).toEqual([first, { ...first, body: '{"count":1,"part":"proofs"}' }]);
    await sql(`update audit_folds set due_at = due_at - interval '11 min'`);
    await app.get(AuditReads).close();
    expect((await told()).slice(2)).toEqual([
      { ...first, address: null, body: '{"count":3,"part":"entries"}' },
    ]);
  });
});

describe('proving', () => {
  let verifiers: NoteVerifier[];
  beforeAll(async () => {
    const { body } = await get('/key');
    expect(body.origin).toBe(`tidegate/audit/${tenantId}`);
    verifiers = [parseVerifierKey(body.key)];
  });

  it('gives a file for an entry that needs nothing else', async () => {
    const { body } = await get(`?deployment=${deployments[0]}`);
    const { status, text } = await get(`/${body.items[0].id}/proof`);
    expect(status).toBe(200);
    const proof = parseProof(text);
    expect(checkProof(proof, verifiers).size).toBeGreaterThan(3);
    expect(JSON.parse(proof.entry.toString())).toMatchObject({
      id: body.items[0].id,
      action: 'rollback-created',
      deploymentId: deployments[0],
    });
    expect(text.length).toBeLessThan(2_500);
  });

  it('shows that the log has only grown', async () => {
    const older = openCheckpoint((await get('/checkpoint')).text, verifiers);
    await app.inTenant(tenantId, (open) =>
      app.get(Audit).append(open, {
        category: 'node',
        action: 'tested',
        subject: { kind: 'node', id: newId() },
      }),
    );
    await seal();
    const newer = openCheckpoint((await get('/checkpoint')).text, verifiers);
    expect(newer.size).toBeGreaterThan(older.size);
    const { body } = await get(`/consistency?from=${older.size}&to=${newer.size}`);
    const proof = body.proof.map((hash: string) => Buffer.from(hash, 'base64'));
    expect(isConsistent(older, newer, proof)).toBe(true);
    const beyond = await get(`/consistency?from=1&to=${newer.size + 1_000}`);
    expect(beyond.body.code).toBe('audit-size-unknown');
    const { items } = (await get('/checkpoints')).body;
    expect(items.map(({ size }: { size: number }) => size)).toContain(newer.size);
    for (const { note } of items) openCheckpoint(note, verifiers);
  });

  it('has tiles, with the entries themselves', async () => {
    const hashes = await get('/tile/0/000.p/2');
    const entries = await get('/tile/entries/000.p/2');
    expect(hashes.bytes).toHaveLength(64);
    const length = entries.bytes.readUInt16BE(0);
    const first = entries.bytes.subarray(2, 2 + length);
    expect(leafHash(first)).toEqual(hashes.bytes.subarray(0, 32));
    for (const path of ['/tile/0/000', '/tile/1/000.p/1', '/tile/0/001.p/1', '/tile/9/000']) {
      expect((await get(path)).body.code).toBe('audit-tile-not-found');
    }
  });

  it('verifies the whole log, and says what was found', async () => {
    const { status, body } = await get('/verification');
    expect([status, body.fault, body.strayIds]).toEqual([200, null, []]);
    expect(body.provenSize).toBe(body.size);
    expect(body.sinks).toMatchObject([{ sink: 'object-store', error: null }]);
  });

  it('says what it cannot prove yet', async () => {
    expect((await get(`/${newId()}/proof`)).body.code).toBe('audit-entry-not-found');
    // The last test: nothing is sealed from here on.
    await app.get(LogSealer).beforeApplicationShutdown();
    const empty = await app.tenant('empty');
    const { token } = await app.member(empty, 'Admin');
    expect((await get('/checkpoint', token)).body.code).toBe('audit-log-empty');
    const [entry] = (await get('?limit=1', token)).body.items;
    expect(entry.sequence).toBeNull();
    expect((await get(`/${entry.id}/proof`, token)).body.code).toBe('audit-entry-unsealed');
  });
});
