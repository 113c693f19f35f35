/** What was tried in vain is told to the tenant of whoever tried, and never in the way of the answer. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { DeniedAttempts } from '../../src/tenancy/permissions/denied-attempts.js';
import { type Answer, type IdentityApp, identityApp } from '../support/identity-app.js';
import { tenantWithAdmin } from '../support/tenant-with-admin.js';
import { closeFolds } from '../../src/platform/audit/folds/folded.js';
import { withClient } from '../support/database.js';

let rig: IdentityApp;
beforeAll(async () => {
  rig = await identityApp();
  // Tokens are checked by the machine's clock, too: there is room ahead for all that passes here.
  rig.clock.advance(-9 * 60_000);
}, 60_000);
afterAll(() => rig?.close());

const refused = ({ status, body }: Answer) => ({ status, code: body?.code });

describe('a denied attempt', () => {
  /** What the audit log of the tenant has by now; writing never holds up an answer. */
  async function denials(inTenant: Awaited<ReturnType<typeof tenantWithAdmin>>['inTenant']) {
    await rig.app.get(DeniedAttempts).settled();
    return inTenant(async (open) => {
      const rows = await open.tx.query<{ actor: string; route: string }>(
        `select actor, subject_id as route from audit_entries
         where tenant_id = $1 and action = 'access-denied' and result = 'denied' order by id`,
        [open.tenantId],
      );
      return rows.map(({ actor, route }) => `${actor}: ${route}`);
    });
  }

  it('is in the audit log of the caller’s own tenant, by guard and by handler', async () => {
    const { person, role, holder, inTenant } = await tenantWithAdmin(rig);
    const other = await tenantWithAdmin(rig);
    const viewer = await person('Viewer');
    expect(refused(await viewer.get('roles')).code).toBe('permission-missing');
    const elsewhere = await rig.send('me/can?permission=deployments:read', {
      token: viewer.bearer,
      headers: { 'x-tenant': other.slug },
    });
    expect(refused(elsewhere).code).toBe('tenant-mismatch');
    await role('keeper', 'roles:manage');
    const keeper = await holder('keeper');
    rig.clock.advance(5_000);
    const body = { name: 'more', permissions: ['deployments:read'] };
    expect(refused(await keeper.post('roles', body)).code).toBe('role-beyond-own');
    expect(await denials(inTenant)).toEqual([
      `${viewer.username}: GET /api/v1/roles`,
      `${viewer.username}: GET /api/v1/me/can`,
      `${keeper.username}: POST /api/v1/roles`,
    ]);
    expect(await denials(other.inTenant)).toEqual([]);
  });

  it('is folded with its count, and not written for what is not found or wants a proof', async () => {
    const { admin, person, inTenant } = await tenantWithAdmin(rig);
    const viewer = await person('Viewer');
    for (let count = 0; count < 5; count += 1) await viewer.get('roles');
    expect(await denials(inTenant)).toHaveLength(1);
    await viewer.get('groups');
    expect(await denials(inTenant)).toHaveLength(2);
    rig.clock.advance(60_001);
    await viewer.get('roles');
    expect(await denials(inTenant)).toHaveLength(2);
    const counts = await withClient(rig.ground.database.superuser, async (client) => {
      await client.query('update audit_folds set due_at = clock_timestamp()');
      await closeFolds(rig.db);
      const { rows } = await client.query<{ count: number }>(
        `select (body_text::json ->> 'count')::integer as count from audit_entries
         where actor = $1 and action = 'access-denied' order by at, id`,
        [viewer.username],
      );
      return rows.map(({ count }) => count);
    });
    // Two at once, and then what came after the first.
    expect(counts).toEqual([1, 1, 5]);
    await admin.get(`groups/${newId()}`);
    rig.clock.advance(5 * 60_000);
    expect(refused(await admin.post('roles', {})).code).toBe('step-up-required');
    expect(await denials(inTenant)).toHaveLength(3);
  });

  it('is refused at once while nobody can write it down', async () => {
    const { person, inTenant } = await tenantWithAdmin(rig);
    const viewer = await person('Viewer');
    let end!: () => void;
    const busy = new Promise<void>((resolve) => (end = resolve));
    const written = jest.spyOn(rig.db, 'transaction').mockReturnValue(busy);
    try {
      for (let count = 0; count < 10; count += 1) {
        expect((await viewer.get(`groups/${newId()}/members`)).status).toBe(403);
        expect((await viewer.get('roles')).status).toBe(403);
      }
      expect(written.mock.calls.length).toBeLessThanOrEqual(2);
    } finally {
      written.mockRestore();
      end();
    }
    expect(await denials(inTenant)).toEqual([]);
  });
});
