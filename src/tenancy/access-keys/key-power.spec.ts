import { Grants } from '../../kernel/grants.js';
import { Permission, permissionsOfRole } from '../../kernel/permission.js';
import { grantOfKey, type KeyPower, missingIn, permissionsOfKey } from './key-power.js';

const everywhere = { modules: null, environments: null };
const key = (power: Partial<KeyPower>): KeyPower => ({
  name: 'ci',
  permissionSet: null,
  permissions: null,
  ...everywhere,
  ...power,
});
const deployer = Grants.everywhere(permissionsOfRole.Deployer, 'role Deployer');

describe('what a key may do', () => {
  it('is what the built-in role of its set holds, or what it lists', () => {
    expect(permissionsOfKey(key({ permissionSet: 'deploy' }))).toEqual(permissionsOfRole.Deployer);
    expect(permissionsOfKey(key({ permissionSet: 'read-only' }))).toEqual(permissionsOfRole.Viewer);
    const listed = key({ permissions: ['fleet:read', 'of-a-newer-version:read'] });
    expect(permissionsOfKey(listed)).toEqual(['fleet:read']);
  });

  it('is refused by name where its maker does not hold it', () => {
    expect(missingIn(deployer, grantOfKey(key({ permissionSet: 'operate' })))).toEqual([]);
    const wide = key({ permissions: ['fleet:manage', 'fleet:read', 'users:manage'] });
    expect(missingIn(deployer, grantOfKey(wide))).toEqual([
      Permission.FleetManage,
      Permission.UsersManage,
    ]);
  });

  it('is refused outside of its maker’s modules and environments', () => {
    const orders = { modules: ['orders'], environments: ['QA'] };
    const holder = new Grants([{ ...deployer.all[0]!, ...orders }]);
    const power = { permissions: ['deployments:create'] };
    expect(missingIn(holder, grantOfKey(key({ ...power, ...orders })))).toEqual([]);
    expect(missingIn(holder, grantOfKey(key(power)))).toEqual([Permission.DeploymentsCreate]);
    const elsewhere = { ...orders, environments: ['QA', 'Production'] };
    expect(missingIn(holder, grantOfKey(key({ ...power, ...elsewhere })))).toEqual([
      Permission.DeploymentsCreate,
    ]);
  });
});
