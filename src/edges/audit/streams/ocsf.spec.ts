import { describe, expect, it } from '@jest/globals';
import type { EntryFields } from '../../../kernel/tlog/audit-leaf.js';
import { ocsfOf } from './ocsf.js';

const ID = '019a7f3e-4000-7aaa-8bbb-0123456789ab';
const entry: EntryFields = {
  version: 2,
  id: ID,
  tenantId: '019a7f3e-4000-7aaa-8bbb-000000000000',
  at: '2026-11-30T10:15:00.000Z',
  category: 'deployment',
  action: 'deployment-created',
  outcome: 'allowed',
  actor: { kind: 'user', id: ID, name: 'lea' },
  actingFor: null,
  subject: { kind: 'deployment', id: ID },
  sourceAddress: '192.0.2.7',
  userAgent: 'tidegate/0.1.0',
  requestId: ID,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  releaseId: null,
  deploymentId: ID,
  body: { module: 'orders' },
};
const told = { sequence: 7, version: '0.1.0' };

describe('an entry as an OCSF event', () => {
  it('has all of it, each in its place', () => {
    expect(ocsfOf(entry, told)).toEqual({
      activity_id: 1,
      category_uid: 6,
      category_name: 'Application Activity',
      class_uid: 6003,
      class_name: 'API Activity',
      type_uid: 600_301,
      severity_id: 1,
      status_id: 1,
      status_detail: 'allowed',
      time: Date.UTC(2026, 10, 30, 10, 15),
      message: `deployment-created (deployment ${ID})`,
      actor: { user: { uid: ID, name: 'lea', type_id: 1, type: 'user' } },
      src_endpoint: { ip: '192.0.2.7' },
      http_request: { uid: ID, user_agent: 'tidegate/0.1.0' },
      api: { operation: 'deployment-created', request: { uid: ID } },
      resources: [{ type: 'deployment', uid: ID }],
      metadata: {
        version: '1.7.0',
        product: { name: 'Tidegate', vendor_name: 'Tidegate', version: '0.1.0' },
        uid: ID,
        sequence: 7,
        log_name: 'audit',
        tenant_uid: entry.tenantId,
        event_code: 'deployment-created',
        correlation_uid: entry.traceId,
      },
      unmapped: {
        category: 'deployment',
        acting_for: null,
        subject: { kind: 'deployment', id: ID },
        release_id: null,
        deployment_id: ID,
        request_id: ID,
        entry_version: 2,
        details: { module: 'orders' },
      },
    });
  });

  it.each([
    ['authentication', 'logged-in', 'user', 300_201],
    ['authentication', 'logged-out', 'user', 300_202],
    ['authentication', 'stepped-up', 'user', 300_299],
    ['authentication', 'password-changed', 'user', 300_103],
    ['authentication', 'factor-enrolled', 'user', 300_110],
    ['authentication', 'access-denied', 'route', 600_399],
    ['access', 'account-disabled', 'user', 300_105],
    ['access', 'access-key-created', 'access-key', 300_401],
    ['access', 'access-key-revoked', 'access-key', 300_404],
    ['access', 'federated-identity-disabled', 'federated-identity', 300_409],
    ['access', 'audit-log-read', 'tenant', 600_302],
    ['authorization', 'role-given', 'role-binding', 300_501],
    ['authorization', 'role-taken', 'role-binding', 300_502],
    ['authorization', 'role-changed', 'role', 300_403],
    ['settings', 'channel-deleted', 'channel', 600_304],
    ['settings', 'channel-enabled', 'channel', 600_399],
  ])('of %s, %s is of the class of such deeds', (category, action, kind, typeUid) => {
    const event = ocsfOf({ ...entry, category, action, subject: { kind, id: 'ana' } }, told);
    expect(event).toMatchObject({ type_uid: typeUid });
    const isOther = typeUid % 100 === 99;
    expect(event['activity_name']).toBe(isOther ? action : undefined);
  });

  it('says whom it was done to, and not who did it', () => {
    const subject = { kind: 'user', id: 'ana' };
    const login = ocsfOf(
      { ...entry, category: 'authentication', action: 'login-failed', outcome: 'denied', subject },
      told,
    );
    expect(login).toMatchObject({ user: { name: 'ana' }, status_id: 2, severity_id: 2 });
    const given = { username: 'ana', role: 'Admin' };
    const action = 'role-given';
    expect(
      ocsfOf({ ...entry, category: 'authorization', action, body: given }, told),
    ).toMatchObject({
      user: { name: 'ana' },
      privileges: ['Admin'],
      actor: { user: { name: 'lea' } },
    });
  });

  it('has no address where there was none, and none that is a pseudonym', () => {
    const own = ocsfOf({ ...entry, sourceAddress: null, userAgent: null }, told);
    expect(own['src_endpoint']).toEqual({ svc_name: 'tidegate' });
    expect(own['http_request']).toBeUndefined();
    const erased = ocsfOf({ ...entry, sourceAddress: 'erased' }, told);
    expect(erased['src_endpoint']).toEqual({ name: 'erased' });
  });
});
