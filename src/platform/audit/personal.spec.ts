import type { EntryFields } from '../../kernel/tlog/audit-leaf.js';
import { masked } from './masked.js';
import { saltsFor } from './personal.js';

const entry = {
  actor: { kind: 'system', id: 'engine', name: 'system:engine' },
  subject: { kind: 'deployment', id: 'd' },
  sourceAddress: null,
  userAgent: null,
  body: {},
} as unknown as EntryFields;
const of = (change: object) => Object.keys(saltsFor({ ...entry, ...change }));

describe('what is personal in an entry', () => {
  it('is nothing of what the system does by itself', () => {
    expect(saltsFor(entry)).toEqual({});
  });

  it('is whose doing it was, from where and with what', () => {
    const actor = { kind: 'user', id: 'u', name: 'lea' };
    expect(of({ actor, sourceAddress: '192.0.2.1', userAgent: 'curl' })).toEqual([
      '/actor/name',
      '/sourceAddress',
      '/userAgent',
    ]);
  });

  it('is a name or an address in place of an id', () => {
    expect(of({ subject: { kind: 'user', id: 'lea' } })).toEqual(['/subject/id']);
    const id = '01970000-0000-7000-8000-000000000001';
    expect(of({ subject: { kind: 'user', id } })).toEqual([]);
  });

  it('is found wherever it stands in the body', () => {
    const body = { email: null, before: { email: 'a@b.c' }, members: [{ username: 'lea', id: 1 }] };
    expect(of({ body })).toEqual(['/body/before/email', '/body/members/0/username']);
  });

  it('has a salt of its own each time', () => {
    const one = { ...entry, body: { email: 'a@b.c', username: 'a' } };
    const salts = [...Object.values(saltsFor(one)), ...Object.values(saltsFor(one))];
    expect(new Set(salts).size).toBe(4);
    expect(salts.every((salt) => /^[0-9a-f]{32}$/.test(salt))).toBe(true);
  });
});

describe('what was before and after', () => {
  it('has no secret, even where somebody has put one', () => {
    const before = { password: 'x', list: [{ clientSecret: 'y', isSecret: true }], name: 'z' };
    expect(masked({ before, password: 'theirs' })).toEqual({
      before: {
        password: '[masked]',
        list: [{ clientSecret: '[masked]', isSecret: true }],
        name: 'z',
      },
      after: undefined,
      password: 'theirs',
    });
  });
});
