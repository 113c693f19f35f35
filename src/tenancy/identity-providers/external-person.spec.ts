import { describe, expect, it } from '@jest/globals';
import { externalPersonOf, meets, verifiedDomainOf } from './external-person.js';
import type { IdentityProviderRules } from './identity-provider.js';
import { stemOf } from './joining.js';

const settings = (more: Partial<IdentityProviderRules> = {}): IdentityProviderRules => ({
  name: 'Company',
  issuer: 'https://login.example.com',
  clientId: 'tidegate',
  scopes: [],
  claims: {
    username: 'preferred_username',
    email: 'email',
    emailVerified: 'email_verified',
    displayName: 'name',
  },
  factor: { counts: 'when-said', amr: ['mfa'], acr: ['gold'] },
  admissions: [],
  rules: [],
  isEnabled: true,
  isRequired: false,
  emergency: { usernames: [], roles: [] },
  ...more,
});
const read = (claims: object, more?: Partial<IdentityProviderRules>) =>
  externalPersonOf({ sub: 's', ...claims }, settings(more));

describe('what an issuer says of a person', () => {
  it('needs a subject that can be kept', () => {
    for (const sub of [undefined, '', 5, 'x'.repeat(256), 'a\u0000', '\ud800']) {
      expect(externalPersonOf({ sub }, settings())).toBeNull();
    }
  });

  it('has a verified address only where the issuer says so, and it is one', () => {
    const domainOf = (claims: object) => verifiedDomainOf(read(claims)!);
    expect(domainOf({ email: 'a@B.example', email_verified: true })).toBe('b.example');
    expect(domainOf({ email: 'a@b.example', email_verified: 'true' })).toBe('b.example');
    for (const email_verified of [undefined, false, 'yes', 1, {}]) {
      expect(domainOf({ email: 'a@b.example', email_verified })).toBeNull();
    }
    for (const email of ['a', 'a@b', 'a@evil.example@b.example', 'a b@b.example', 5]) {
      expect(domainOf({ email, email_verified: true })).toBeNull();
    }
  });

  it('is a second factor when amr or acr says so', () => {
    expect(read({ amr: ['pwd', 'mfa'] })!.hasFactor).toBe(true);
    expect(read({ acr: 'gold' })!.hasFactor).toBe(true);
    expect(read({ amr: ['pwd'], acr: 'silver' })!.hasFactor).toBe(false);
    expect(read({ amr: ['mfa'] }, { factor: { counts: 'never' } })!.hasFactor).toBe(false);
    expect(read({}, { factor: { counts: 'always' } })!.hasFactor).toBe(true);
  });

  it('meets a condition by a value to the letter, also inside other claims', () => {
    const rule = (claim: string, value: string) => ({
      when: { claim, value },
      role: 'Viewer',
      modules: null,
      environments: null,
      group: null,
    });
    const meetsIt = (claims: object, claim: string, value: string) =>
      meets(read(claims, { rules: [rule(claim, value)] })!, { claim, value });
    expect(meetsIt({ groups: ['a', 'b'] }, 'groups', 'b')).toBe(true);
    expect(meetsIt({ groups: 'b' }, 'groups', 'b')).toBe(true);
    expect(meetsIt({ groups: ['ab'] }, 'groups', 'b')).toBe(false);
    expect(meetsIt({ realm_access: { roles: ['x'] } }, 'realm_access.roles', 'x')).toBe(true);
    expect(meetsIt({ 'https://a.example/r': ['x'] }, 'https://a.example/r', 'x')).toBe(true);
    expect(meetsIt({}, 'constructor.name', 'Object')).toBe(false);
  });

  it('becomes a username that anybody may have', () => {
    expect(stemOf({ username: 'Zoë.Ä@corp.example', email: null })).toBe('zoe.a');
    expect(stemOf({ username: '../..', email: 'x_y@b.example' })).toBe('x_y');
    expect(stemOf({ username: '日本', email: null })).toBe('person');
  });
});
