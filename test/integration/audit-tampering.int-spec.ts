/**
 * Whoever owns the database changes the log, triggers taken away: what has been done to it, and where, is
 * found out. Each case in a tenant of its own: nine entries, sealed three at a time, anchored after the sixth.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sealTrees } from '../../src/edges/audit/log/sealing.js';
import { verifyTenant } from '../../src/edges/audit/verification/verify-tenant.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { newId } from '../../src/kernel/ids.js';
import { Context } from '../../src/platform/context.js';
import { AuditRig } from '../support/audit-rig.js';

let rig: AuditRig;
beforeAll(async () => {
  rig = await AuditRig.start();
}, 120_000);
afterAll(() => rig?.stop());

async function sealedLog(): Promise<string> {
  const tenantId = await rig.tenant();
  for (const batch of [1, 2, 3]) {
    await rig.append(tenantId, 3);
    await rig.sealer().seal();
    if (batch === 2) await rig.sealer().anchor();
  }
  return tenantId;
}

/** As the owner, who has taken the triggers away. */
const tamper = (statements: readonly string[], tenantId: string) =>
  rig.asSuperuser(async (client) => {
    await client.query('set session_replication_role = replica');
    for (const each of statements) await client.query(each.replaceAll(':t', `'${tenantId}'`));
  });

const verify = (tenantId: string) =>
  verifyTenant(Context.system(tenantId, 'test'), {
    database: rig.db,
    reader: rig.reader(),
    sinks: rig.sinks,
    verifiers: [parseVerifierKey(rig.key.verifierOf(tenantId))],
  });

const entryAt = (sequence: number) =>
  `(select entry_id from audit_leaves where tenant_id = :t and sequence = ${sequence})`;

describe('a log', () => {
  it('that nobody has touched is what it was, and it is said where it is anchored', async () => {
    const report = await verify(await sealedLog());
    expect(report).toEqual({
      size: 9,
      provenSize: 9,
      fault: null,
      strayIds: [],
      sinks: ['object-store', 'folder'].map((sink) => ({
        sink,
        isRead: true,
        checkpoints: 1,
        size: 6,
        countersigned: 0,
        error: null,
      })),
    });
  });

  it.each([
    [
      'who it was',
      `update audit_entries set actor = 'system:other' where tenant_id = :t and id = `,
    ],
    ['the details', `update audit_entries set body_text = '{}' where tenant_id = :t and id = `],
    ['the outcome', `update audit_entries set result = 'denied' where tenant_id = :t and id = `],
    [
      'from where',
      `update audit_entries set source_address = '::1' where tenant_id = :t and id = `,
    ],
  ])('in which an entry was edited: %s', async (_what, statement) => {
    const tenantId = await sealedLog();
    await tamper([`${statement}${entryAt(4)}`], tenantId);
    const { fault } = await verify(tenantId);
    expect(fault).toMatchObject({ kind: 'edited', sequence: 4, upTo: 4 });
  });

  it('of which an entry was deleted', async () => {
    const tenantId = await sealedLog();
    await tamper(
      [`delete from audit_entries where tenant_id = :t and id = ${entryAt(7)}`],
      tenantId,
    );
    expect((await verify(tenantId)).fault).toMatchObject({ kind: 'deleted', sequence: 7 });
  });

  it('of which an entry was deleted with its leaf', async () => {
    const tenantId = await sealedLog();
    await tamper(
      [
        `delete from audit_entries where tenant_id = :t and id = ${entryAt(5)}`,
        'delete from audit_leaves where tenant_id = :t and sequence = 5',
      ],
      tenantId,
    );
    expect((await verify(tenantId)).fault).toMatchObject({ kind: 'missing', sequence: 5 });
  });

  it('into which an entry was put, beside the tree or in it', async () => {
    const tenantId = await sealedLog();
    const id = newId();
    const copied = `insert into audit_entries select at, '${id}', tenant_id, category, action, actor,
      subject_kind, subject_id, request_id, result, body_text, leaf_hash, format_version, actor_kind,
      actor_id, acting_for, source_address, user_agent, trace_id, release_id, deployment_id, salts_text
      from audit_entries where tenant_id = :t and id = ${entryAt(3)}`;
    await tamper([copied], tenantId);
    expect((await verify(tenantId)).strayIds).toEqual([id]);
    await tamper(
      [
        'update audit_leaves set sequence = sequence + 1001 where tenant_id = :t and sequence >= 4',
        `update audit_leaves set sequence = sequence - 1000 where tenant_id = :t and sequence >= 1000`,
        `insert into audit_leaves select tenant_id, 4, '${id}', at, leaf_hash from audit_leaves
         where tenant_id = :t and sequence = 3`,
      ],
      tenantId,
    );
    const { fault, provenSize } = await verify(tenantId);
    // Its leaf is another entry's: it says another id.
    expect(fault).toMatchObject({ kind: 'rewritten', sequence: 3, upTo: 5 });
    expect(provenSize).toBe(3);
  });

  it('whose entries were put into another order', async () => {
    const tenantId = await sealedLog();
    await tamper(
      [
        'update audit_leaves set sequence = 1007 where tenant_id = :t and sequence = 7',
        'update audit_leaves set sequence = 7 where tenant_id = :t and sequence = 6',
        'update audit_leaves set sequence = 6 where tenant_id = :t and sequence = 1007',
      ],
      tenantId,
    );
    const { fault } = await verify(tenantId);
    expect(fault).toMatchObject({ kind: 'rewritten', sequence: 6, upTo: 8 });
  });

  /** All of it from there on is taken away, as if it had never been: only places outside know. */
  const cutAt = (size: number) => [
    `delete from audit_entries where tenant_id = :t and id in
       (select entry_id from audit_leaves where tenant_id = :t and sequence >= ${size})`,
    `delete from audit_leaves where tenant_id = :t and sequence >= ${size}`,
    `delete from audit_checkpoints where tenant_id = :t and size > ${size}`,
    `delete from audit_anchors where tenant_id = :t and size > ${size}`,
  ];

  it('whose end was cut off', async () => {
    const tenantId = await sealedLog();
    await tamper(cutAt(8), tenantId);
    expect((await verify(tenantId)).fault).toMatchObject({ kind: 'truncated', sequence: 8 });
  });

  it('that was sealed anew from the middle, with the real key', async () => {
    const tenantId = await sealedLog();
    // Back to the signed state of the third entry, and on from there with another past.
    await tamper(
      [
        ...cutAt(3),
        `delete from audit_trees where tenant_id = :t`,
        `insert into audit_pending select tenant_id, entry_id, at, leaf_hash from audit_leaves where tenant_id = :t`,
        'delete from audit_leaves where tenant_id = :t',
        'delete from audit_checkpoints where tenant_id = :t',
      ],
      tenantId,
    );
    await rig.append(tenantId, 9, { action: 'forged' });
    await rig.db.system((tx) => sealTrees(tx, rig.key, [tenantId]));
    const { fault } = await verify(tenantId);
    expect(fault).toMatchObject({ kind: 'resealed', sequence: 0, upTo: 5 });
    expect(fault!.text).toMatch(/the (object-store|folder)/);
  });

  it('whose checkpoints somebody else has signed', async () => {
    const tenantId = await sealedLog();
    const note = `${'x'.repeat(8)}\n1\nAAAA\n\n\u2014 x AAAAAAAAAAAA\n`;
    await tamper([`update audit_trees set checkpoint = '${note}' where tenant_id = :t`], tenantId);
    expect((await verify(tenantId)).fault).toMatchObject({ kind: 'unsigned', upTo: 8 });
    const other = await sealedLog();
    await tamper(
      [`update audit_checkpoints set note = '${note}' where tenant_id = :t and size = 6`],
      other,
    );
    expect((await verify(other)).fault).toMatchObject({ kind: 'unsigned' });
  });
});
