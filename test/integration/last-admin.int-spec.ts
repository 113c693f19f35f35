/** A tenant keeps somebody who may manage it, whatever takes the role away and however many at once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { Context, type OpenContext } from '../../src/platform/context.js';
import {
  bindRole,
  checkAdminIsLeft,
  lockAdminsOf,
  removeRolesOf,
} from '../../src/tenancy/permissions/role-bindings.store.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';

let rig: IdentityApp;
beforeAll(async () => {
  rig = await identityApp();
}, 60_000);
afterAll(() => rig.close());

async function withAdmins(count: number) {
  const slug = `t-${newId()}`;
  const ctx = Context.system(await rig.tenant(slug), 'test');
  const names = Array.from({ length: count }, () => `a-${newId()}`);
  const ids = await Promise.all(names.map((name) => rig.user(name, { [slug]: ['Admin'] })));
  const change = (work: (open: OpenContext) => Promise<unknown>) =>
    rig.db.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      await work(open);
      await checkAdminIsLeft(open);
    });
  const take = (id: string) => change((open) => removeRolesOf(open, { kind: 'user', id }));
  return { ids, change, take };
}

const lastAdmin = { code: 'last-admin' };

describe('the last Admin', () => {
  it('stays, also when two Admins take the role from each other at the same moment', async () => {
    const { ids, take } = await withAdmins(2);
    const ends = await Promise.allSettled(ids.map(take));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: lastAdmin });
  });

  it('is none who is disabled, or holds the role for some modules only', async () => {
    const { ids, change, take } = await withAdmins(3);
    const [one, two, three] = ids as [string, string, string];
    await rig.db.system((tx) =>
      tx.execute('update users set disabled_at = now() where id = $1', [two]),
    );
    const scope = { modules: ['orders'], environments: null };
    const narrow = { role: 'Admin', subject: { kind: 'user', id: three }, scope } as const;
    await change(async (open) => {
      await removeRolesOf(open, narrow.subject);
      await bindRole(open, narrow);
    });
    await expect(take(one)).rejects.toMatchObject(lastAdmin);
  });

  it('may hold the role by a group', async () => {
    const { ids, change, take } = await withAdmins(1);
    const id = newId();
    await change(async (open) => {
      await open.tx.execute(
        `insert into groups (tenant_id, id, name, name_key) values ($1, $2, 'ops', 'ops')`,
        [open.tenantId, id],
      );
      await open.tx.execute(
        'insert into group_members (tenant_id, group_id, user_id) values ($1, $2, $3)',
        [open.tenantId, id, ids[0]],
      );
      await bindRole(open, { role: 'Admin', subject: { kind: 'group', id } });
    });
    await take(ids[0]!);
    const leave = change((open) => removeRolesOf(open, { kind: 'group', id }));
    await expect(leave).rejects.toMatchObject(lastAdmin);
  });
});
