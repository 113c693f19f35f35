import { commitmentTo, leafOf, type EntryFields } from './audit-leaf.js';

const entry: EntryFields = {
  version: 2,
  id: '01970000-0000-7000-8000-000000000001',
  tenantId: '01970000-0000-7000-8000-000000000002',
  at: '2026-11-30T10:00:00.000Z',
  category: 'deployment',
  action: 'deployment-created',
  outcome: 'allowed',
  actor: { kind: 'user', id: '01970000-0000-7000-8000-000000000003', name: 'lea' },
  actingFor: null,
  subject: { kind: 'deployment', id: '01970000-0000-7000-8000-000000000004' },
  sourceAddress: '192.0.2.7',
  userAgent: null,
  requestId: 'r1',
  traceId: null,
  releaseId: null,
  deploymentId: '01970000-0000-7000-8000-000000000004',
  body: { before: { 'e/mail~': 'lea@example.org', size: 1 }, list: [{ address: '192.0.2.8' }] },
};
const salt = '00112233445566778899aabbccddeeff';
const salts = {
  '/actor/name': salt,
  '/sourceAddress': salt,
  '/body/before/e~1mail~0': salt,
  '/body/list/0/address': salt,
};

describe('the leaf of an entry', () => {
  it('holds commitments in place of what is personal, which it leaves as it was', () => {
    const before = structuredClone(entry);
    const { text, personal } = leafOf(entry, salts);
    expect(entry).toEqual(before);
    for (const secret of ['"lea', '192.0.2.7', '192.0.2.8', salt])
      expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({
      actor: { kind: 'user' },
      body: { before: { size: 1 }, list: [{}] },
      commitments: { '/actor/name': commitmentTo('lea', salt) },
    });
    expect(personal['/body/before/e~1mail~0']).toEqual({ value: 'lea@example.org', salt });
  });

  it('stays the same when what is personal is erased', () => {
    const erased = Object.fromEntries(
      Object.entries(leafOf(entry, salts).personal).map(([pointer, { value }]) => [
        pointer,
        `sha256:${commitmentTo(value, salt)}`,
      ]),
    );
    const gone: EntryFields = {
      ...entry,
      actor: { ...entry.actor, name: 'erased-1' },
      sourceAddress: null,
      body: { before: { 'e/mail~': 'erased', size: 1 }, list: [{ address: null }] },
    };
    expect(leafOf(gone, erased).text).toBe(leafOf(entry, salts).text);
    expect(leafOf(gone, erased).personal).toEqual({});
  });

  it.each<[string, Partial<EntryFields>]>([
    ['who did it', { actor: { ...entry.actor, name: 'mallory' } }],
    ['when', { at: '2026-11-30T10:00:00.001Z' }],
    ['what', { action: 'deployment-cancelled' }],
    ['whether it was allowed', { outcome: 'denied' }],
    ['from where', { sourceAddress: '192.0.2.9' }],
    ['the body', { body: {} }],
  ])('changes with %s', (_what, change) => {
    expect(leafOf({ ...entry, ...change }, salts).text).not.toBe(leafOf(entry, salts).text);
  });

  it('says of what is older than the log that it was imported', () => {
    expect(leafOf({ ...entry, version: 1 }, {}).text).toContain('"isImported":true');
    expect(leafOf(entry, {}).text).not.toContain('isImported');
  });
});
