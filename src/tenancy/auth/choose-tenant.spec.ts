import { describe, expect, it } from '@jest/globals';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { chooseTenant } from './choose-tenant.js';

const acme = { id: 'a', slug: 'acme' };
const globex = { id: 'g', slug: 'globex' };
const { id, slug } = PLATFORM_TENANT;
const platform = { id, slug };

describe('the tenant of a login', () => {
  it('is the named one, if the person is a member', () => {
    expect(chooseTenant([acme, globex], 'globex')).toBe(globex);
    expect(chooseTenant([acme], 'globex')).toBeNull();
    expect(chooseTenant([acme, platform], 'platform')).toBe(platform);
  });

  it('is the only one when none is named', () => {
    expect(chooseTenant([acme], undefined)).toBe(acme);
    expect(chooseTenant([], undefined)).toBeNull();
  });

  it('is the reserved one only for those who have no other', () => {
    expect(chooseTenant([platform, acme], undefined)).toBe(acme);
    expect(chooseTenant([platform], undefined)).toBe(platform);
  });

  it('has to be named by members of several', () => {
    expect(() => chooseTenant([globex, platform, acme], undefined)).toThrow('acme, globex');
  });
});
