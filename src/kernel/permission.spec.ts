import { Permission, permissionsOfRole, ROLES } from './permission.js';

const all = Object.values(Permission);

describe('permissions', () => {
  it('have names of their own, each `<things>:<verb>`', () => {
    expect(new Set(all).size).toBe(all.length);
    for (const permission of all) expect(permission).toMatch(/^[a-z-]+:[a-z-]+$/);
  });

  it('each belong to a role, and roles hold nothing twice', () => {
    const held = ROLES.flatMap((role) => permissionsOfRole[role]);
    expect(all.filter((permission) => !held.includes(permission))).toEqual([]);
    for (const role of ROLES) {
      expect(new Set(permissionsOfRole[role]).size).toBe(permissionsOfRole[role].length);
    }
  });

  it('grow from Viewer to Deployer to Admin', () => {
    const { Viewer, Deployer, Admin } = permissionsOfRole;
    expect(Deployer).toEqual(expect.arrayContaining([...Viewer]));
    expect(Admin).toEqual(expect.arrayContaining([...Deployer]));
    expect(Viewer.every((permission) => permission.endsWith(':read'))).toBe(true);
  });

  it('let only an Admin loosen a gate or manage keys and nodes', () => {
    for (const permission of ['gates:override', 'signing-keys:manage', 'fleet:manage'] as const) {
      expect(ROLES.filter((role) => permissionsOfRole[role].includes(permission))).toEqual([
        'Admin',
      ]);
    }
  });

  it('give the platform’s own administrator nothing of what tenants have but health, settings and the switch', () => {
    const shared = ['health:read', 'settings:read', 'settings:manage', 'kill-switch:manage'];
    const ofTenants = permissionsOfRole.PlatformAdmin.filter(
      (permission) => !shared.includes(permission) && permissionsOfRole.Admin.includes(permission),
    );
    expect(ofTenants).toEqual([]);
  });
});
