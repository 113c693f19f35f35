import { limits } from '../../../kernel/limits.js';
import { USER } from './attributes.js';
import { matches } from './filter-matches.js';
import { parseFilter } from './filter.js';
import { knownTerms } from './known-terms.js';
import type { Resource } from './resource.js';

const ada: Resource = {
  id: '019a7f3e-a000-7aaa-8bbb-0123456789ab',
  userName: 'Ada@Example.org',
  externalId: 'Ext',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  active: true,
  emails: [
    { value: 'ada@home.example', type: 'home' },
    { value: 'ada@work.example', type: 'work', primary: true },
  ],
};
const holds = (filter: string) => matches(parseFilter(USER, filter), ada);

describe('a filter', () => {
  it.each([
    'userName eq "ada@example.ORG"',
    'USERNAME EQ "ada@example.org"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada"',
    'externalId eq "Ext"',
    'emails eq "ada@home.example"',
    'emails.value ew "@work.example"',
    'emails[type eq "work" and value co "@work"]',
    'emails[type eq "work"].value eq "ada@work.example"',
    'active eq true',
    'active eq "True"',
    'name.familyName ge "lovelace" and not (name.givenName eq "Grace")',
    'userName eq "x" or active eq true and name pr',
    'displayName eq null',
    'not (displayName pr)',
  ])('holds: %s', (filter) => {
    expect(holds(filter)).toBe(true);
  });

  it.each([
    'externalId eq "ext"',
    'emails[type eq "home" and value co "@work"]',
    'emails[type eq "home"].value eq "ada@work.example"',
    '(userName eq "x" or active eq true) and name.givenName ne "Ada"',
    'displayName pr',
    'active eq false',
  ])('does not hold: %s', (filter) => {
    expect(holds(filter)).toBe(false);
  });

  it.each([
    '',
    'userName',
    'userName eq',
    'userName eq "x',
    'userName eq "\\u0000"',
    'userName eq x',
    'constructor eq "x"',
    '__proto__ pr',
    'name.middle eq "x"',
    'emails[type eq "work"',
    'emails[emails pr]',
    'userName[type eq "work"]',
    'active eq true and',
    'active eq true active',
    'not active eq true',
    `${'('.repeat(limits.scimFilterDepth + 1)}active eq true${')'.repeat(limits.scimFilterDepth + 1)}`,
    Array.from({ length: limits.scimFilterTerms + 1 }, () => 'active pr').join(' and '),
    `userName eq "${'x'.repeat(limits.scimFilterCharacters)}"`,
  ])('is refused: %#', (filter) => {
    expect(() => parseFilter(USER, filter)).toThrow(
      expect.objectContaining({ code: 'scim-filter-invalid' }),
    );
  });

  it('tells an index only what must hold', () => {
    const known = (filter: string) => Object.fromEntries(knownTerms(parseFilter(USER, filter)));
    expect(known('userName eq "a" and (active eq true and externalId eq "b")')).toEqual({
      userName: 'a',
      externalId: 'b',
    });
    expect(known('userName eq "a" or externalId eq "b"')).toEqual({});
    expect(known('not (userName eq "a")')).toEqual({});
    expect(known('userName ne "a" and emails eq "b"')).toEqual({});
  });

  it('is read in a time that grows with its length, whatever it says', () => {
    const began = performance.now();
    for (const evil of [
      '('.repeat(1_000),
      '"\\'.repeat(500),
      ' '.repeat(1_000),
      'a.'.repeat(500),
    ]) {
      expect(() => parseFilter(USER, evil)).toThrow();
    }
    expect(performance.now() - began).toBeLessThan(200);
  });
});
