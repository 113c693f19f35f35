import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canSeeOthers, environmentOfUser, ModuleUsers, type UserSource } from './module-user.js';

const PASSWD: Readonly<Record<string, string>> = {
  root: 'root:x:0:0:root:/root:/bin/sh',
  toor: 'toor:x:0:0::/root:/bin/sh',
  web: 'web:x:1001:1001::/home/web:/bin/sh',
  shop: 'shop:x:1002:1002::/home/shop:/bin/sh',
};
const machine: UserSource = {
  ownUid: 0,
  find: (name) => PASSWD[name] ?? null,
  groupsOf: (name) => (name === 'shop' ? [1002, 44] : [1001]),
  has: () => true,
};

it('gives each module the user that was named for it', () => {
  const users = ModuleUsers.of(['web', 'cart=shop'], machine);
  const web = { name: 'web', uid: 1001, gid: 1001, groups: [], home: '/home/web' };
  expect(users.for('orders')).toEqual(web);
  expect(users.for('cart')).toMatchObject({ uid: 1002, gid: 1002, groups: [44] });
  expect(environmentOfUser(users.for('orders'))).toEqual({ HOME: '/home/web', USER: 'web', LOGNAME: 'web' }); // prettier-ignore
  const one = ModuleUsers.of(['cart=shop'], machine);
  expect(one.for('orders')).toBeUndefined();
  expect(environmentOfUser(undefined)).toEqual({});
});

it.each([
  [['nobody-like-it'], {}, /no user "nobody-like-it" on this machine: .*useradd/],
  [['root'], {}, /"root" is root: name a user without rights/],
  [['toor'], {}, /"toor" is root/],
  [['-G'], {}, /"-G" is not the name of a user/],
  [['0'], {}, /not the name of a user/],
  [['web', 'shop'], {}, /all modules has two users/],
  [['Cart_1=web'], {}, /nor MODULE=USER with the name of a module/],
  [['web'], { ownUid: 1001 }, /only root can start processes as somebody else/],
  [['web'], { ownUid: undefined }, /only root/],
  [['shop'], { has: () => false }, /more than one group.*setpriv of util-linux is needed/],
])('refuses %j on %j', (told, more, message) => {
  const refused = () => ModuleUsers.of(told, { ...machine, ...more });
  expect(refused).toThrow(message);
  expect(refused).toThrow(expect.objectContaining({ code: 'run-as-refused' }) as Error);
});

it('refuses a folder that a user cannot get to', () => {
  const home = mkdtempSync(join(tmpdir(), 'tidegate-reach-'));
  try {
    const users = ModuleUsers.of(['web'], machine);
    const directory = join(home, 'inner', 'agent');
    mkdirSync(join(home, 'inner'));
    expect(() => users.checkReach(directory)).toThrow(/user web may not enter .*: run "chmod o\+x/);
    chmodSync(home, 0o711);
    expect(() => users.checkReach(directory)).not.toThrow();
    chmodSync(join(home, 'inner'), 0o700);
    expect(() => users.checkReach(directory)).toThrow(/may not enter .*inner:/);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

it('knows whether it may look into processes of others', () => {
  expect(canSeeOthers('CapEff:\t00000000a80425fb\n')).toBe(false);
  expect(canSeeOthers('CapEff:\t000001ffffffffff\n')).toBe(true);
});
