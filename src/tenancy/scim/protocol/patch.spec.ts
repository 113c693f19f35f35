import { limits } from '../../../kernel/limits.js';
import { GROUP, USER } from './attributes.js';
import { patched } from './patch.js';
import { readResource, type Resource } from './resource.js';

const ada: Resource = {
  userName: 'ada',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  active: true,
  emails: [{ value: 'a@work', type: 'work', primary: true }],
};
const patch = (...Operations: object[]) => patched(USER, ada, { Operations });
const members = (before: string[], ...Operations: object[]) => {
  const resource = { displayName: 'g', members: before.map((value) => ({ value })) };
  const after = patched(GROUP, resource, { Operations })['members'] ?? [];
  return (after as { value: string }[]).map(({ value }) => value);
};
const one = (value: string) => [{ value }];

describe('a PATCH', () => {
  it('sets, adds and removes single values, by a path or by keys', () => {
    expect(patch({ op: 'Replace', path: 'active', value: 'False' })['active']).toBe(false);
    expect(patch({ op: 'add', value: { active: 'false', 'name.givenName': 'A' } })).toMatchObject({
      active: false,
      name: { givenName: 'A', familyName: 'Lovelace' },
    });
    expect(patch({ op: 'replace', path: 'name', value: { givenName: 'B' } })['name']).toEqual({
      givenName: 'B',
      familyName: 'Lovelace',
    });
    expect(patch({ op: 'remove', path: 'name' })).not.toHaveProperty('name');
    expect(patch({ op: 'replace', path: 'name.givenName', value: null })['name']).toEqual({
      familyName: 'Lovelace',
    });
    expect(patch({ op: 'replace', value: { id: 'x', meta: {}, password: 'x' } })).toEqual(ada);
  });

  it('changes what a filter chooses, and makes what Entra ID means by one that chooses nothing', () => {
    const set = (type: string) =>
      patch({ op: 'Replace', path: `emails[type eq "${type}"].value`, value: 'n' })['emails'];
    expect(set('work')).toEqual([{ value: 'n', type: 'work', primary: true }]);
    expect(set('home')).toEqual([...(ada['emails'] as object[]), { type: 'home', value: 'n' }]);
    const gone = patch({ op: 'remove', path: 'emails[type eq "work"]' });
    expect(gone).not.toHaveProperty('emails');
    expect(patch({ op: 'remove', path: 'emails[type eq "home"]' })).toEqual(ada);
    const first = { op: 'add', path: 'emails', value: [{ value: 'b', primary: true }] };
    expect(patch(first)['emails']).toEqual([
      { value: 'a@work', type: 'work' },
      { value: 'b', primary: true },
    ]);
  });

  it('adds and removes members in all the ways that directories have', () => {
    expect(members(['a'], { op: 'Add', path: 'members', value: one('b') })).toEqual(['a', 'b']);
    expect(members(['a'], { op: 'add', path: 'members', value: one('a') })).toEqual(['a']);
    expect(members(['a'], { op: 'add', value: { members: one('b') } })).toEqual(['a', 'b']);
    expect(members(['a', 'b'], { op: 'Remove', path: 'members', value: one('a') })).toEqual(['b']);
    expect(members(['a', 'b'], { op: 'remove', path: 'members[value eq "a"]' })).toEqual(['b']);
    expect(members(['a', 'b'], { op: 'remove', path: 'members' })).toEqual([]);
    expect(members(['a', 'b'], { op: 'remove', path: 'members', value: [] })).toEqual(['a', 'b']);
    expect(members(['a'], { op: 'replace', path: 'members', value: one('c') })).toEqual(['c']);
  });

  it.each<[string, object, string]>([
    ['no operations', {}, 'scim-syntax-invalid'],
    ['an unknown verb', { Operations: [{ op: 'move' }] }, 'scim-syntax-invalid'],
    ['what is ours', { Operations: [{ op: 'add', path: 'id', value: 'x' }] }, 'scim-read-only'],
    ['no name', { Operations: [{ op: 'remove', path: 'userName' }] }, 'scim-read-only'],
    ['nothing to remove', { Operations: [{ op: 'remove' }] }, 'scim-target-missing'],
    ['an unknown path', { Operations: [{ op: 'add', path: '__proto__' }] }, 'scim-path-invalid'],
    [
      'a broken filter',
      { Operations: [{ op: 'add', path: 'emails[type eq].value' }] },
      'scim-filter-invalid',
    ],
    [
      'a filter that is no value',
      { Operations: [{ op: 'add', path: 'emails[type sw "x"].value', value: 'x' }] },
      'scim-target-missing',
    ],
    [
      'a wrong type',
      { Operations: [{ op: 'add', path: 'active', value: 'yes' }] },
      'scim-value-invalid',
    ],
    [
      'too many operations',
      { Operations: Array(limits.scimOperations + 1).fill({ op: 'remove', path: 'name' }) },
      'scim-syntax-invalid',
    ],
  ])('refuses %s', (_what, body, code) => {
    expect(() => patched(USER, ada, body)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a body', () => {
  it('is read in one spelling, without what is not kept', () => {
    const body = {
      USERNAME: 'ada',
      Active: 'TRUE',
      displayName: null,
      title: 'Countess',
      password: 'secret',
      id: 'x',
      emails: [],
      constructor: 'x',
    };
    expect(readResource(USER, body)).toEqual({ userName: 'ada', active: true });
  });

  it.each([
    [{ userName: ['x'] }],
    [{ userName: 'x'.repeat(limits.scimTextCharacters + 1) }],
    [{ userName: 'a\u001b[31m' }],
    [{ userName: 'a\u202eb' }],
  ])('is refused: %#', (body) => {
    expect(() => readResource(USER, body)).toThrow(
      expect.objectContaining({ code: 'scim-value-invalid' }),
    );
  });
});
