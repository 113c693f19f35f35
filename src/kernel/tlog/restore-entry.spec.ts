import { leafOf, type EntryFields } from './audit-leaf.js';
import { restoreEntry } from './restore-entry.js';

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
  subject: { kind: 'user', id: 'lea' },
  sourceAddress: '192.0.2.7',
  userAgent: null,
  requestId: 'r1',
  traceId: null,
  releaseId: null,
  deploymentId: null,
  body: { before: { 'e/mail~': 'lea@example.org', size: 1 }, list: [{ address: '192.0.2.8' }] },
};
const salt = '00112233445566778899aabbccddeeff';
const salts = Object.fromEntries(
  [
    '/actor/name',
    '/subject/id',
    '/sourceAddress',
    '/body/before/e~1mail~0',
    '/body/list/0/address',
  ].map((pointer) => [pointer, salt]),
);

describe('an entry out of its leaf', () => {
  it.each([1, 2] as const)('is what it was, of format %i', (version) => {
    const fields = { ...entry, version };
    const { text, personal } = leafOf(fields, salts);
    const restored = restoreEntry(text, { personal, replaced: {} });
    expect(restored).toEqual({ fields, salts });
    expect(leafOf(restored.fields, restored.salts).text).toBe(text);
  });

  it('has in place of what was erased what stood there, and verifies', () => {
    const { text, personal } = leafOf(entry, salts);
    const { '/actor/name': _name, '/sourceAddress': _address, ...rest } = personal;
    const replaced = { '/actor/name': 'erased-1', '/sourceAddress': null };
    const { fields, salts: kept } = restoreEntry(text, { personal: rest, replaced });
    expect(fields).toEqual({
      ...entry,
      actor: { ...entry.actor, name: 'erased-1' },
      sourceAddress: null,
    });
    expect(kept['/actor/name']).toMatch(/^sha256:/);
    expect(leafOf(fields, kept).text).toBe(text);
    expect(restoreEntry(text, { personal: {}, replaced: {} }).fields.body).toMatchObject({
      list: [{ address: 'erased' }],
    });
  });

  it('does not become something else by a name that means something', () => {
    const odd = { ...entry, body: JSON.parse('{"__proto__":{"by":"x"}}') as EntryFields['body'] };
    const { text, personal } = leafOf(odd, { '/body/__proto__/by': salt });
    const restored = restoreEntry(text, { personal, replaced: {} });
    expect(leafOf(restored.fields, restored.salts).text).toBe(text);
    expect(({} as { by?: string }).by).toBeUndefined();
  });
});
