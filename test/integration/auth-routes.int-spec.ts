import { createPrivateKey } from 'node:crypto';
import { Controller, Get, Param } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { Permission } from '../../src/kernel/permission.js';
import { Allow, Public } from '../../src/platform/http/access.js';
import { Operation } from '../../src/platform/http/operation.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { unauthorizedRoutes } from '../support/unauthorized-routes.js';

const notes = { summary: 'A probe', description: 'For this test.', errors: [] };

@Controller('probe')
class ProbeController {
  @Get('closed/:id')
  @Allow(Permission.FleetRead)
  @Operation(notes)
  closed(@Param('id') id: string) {
    return { id };
  }

  @Get('open')
  @Public()
  @Operation(notes)
  open() {
    return { open: true };
  }
}

const PUBLIC_ROUTES = [
  'GET /api/v1/authentication/providers',
  'GET /api/v1/authentication/oidc/{id}/start',
  'GET /api/v1/authentication/oidc/{id}/callback',
  'POST /api/v1/authentication/oidc/complete',
  'POST /api/v1/authentication/login',
  'POST /api/v1/authentication/browser/login',
  'POST /api/v1/authentication/browser/passkey',
  'POST /api/v1/authentication/browser/oidc',
  'POST /api/v1/authentication/passkey',
  'POST /api/v1/authentication/passkey/options',
  'POST /api/v1/authentication/refresh',
  'POST /api/v1/authentication/token',
  'POST /api/v1/authentication/invitations/accept',
  'POST /api/v1/authentication/password-reset',
  'POST /api/v1/authentication/password-reset/confirm',
  'POST /api/v1/authentication/email-change/confirm',
  'GET /api/v1/authentication/demo-credentials',
  'GET /.well-known/jwks.json',
];
const HEALTH_ROUTES = ['GET /health/live', 'GET /health/ready'];

let rig: IdentityApp;
let document: Parameters<typeof unauthorizedRoutes>[0]['document'];

beforeAll(async () => {
  rig = await identityApp({ controllers: [ProbeController] });
  document = (await rig.send('/api/openapi.json')).body;
}, 60_000);

afterAll(() => rig.close());

let sent = 0;

/** From many addresses: one stranger has 300 requests at once, and the document has more routes. */
const send: Parameters<typeof unauthorizedRoutes>[0]['send'] = async (request) => {
  const { method, path, authorization } = request;
  sent += 1;
  const address = `198.51.100.${sent % 250}`;
  const headers: Record<string, string> = authorization ? { authorization } : {};
  return (await rig.send(path, { method: method as 'GET', headers, address })).status;
};

async function expiredToken(): Promise<string> {
  await rig.tenant('acme');
  await rig.user('boss', { acme: ['Admin'] });
  const token = (await rig.login('boss')).body.accessToken as string;
  const past = Math.floor(Date.now() / 1000) - 960;
  return new SignJWT({ ...decodeJwt(token), iat: past, nbf: past, exp: past + 900 })
    .setProtectedHeader(decodeProtectedHeader(token) as { alg: string })
    .sign(createPrivateKey(rig.privateKey));
}

describe('every route of the document', () => {
  it('that is not public answers 401 to no, garbage and expired tokens', async () => {
    const result = await unauthorizedRoutes({
      document,
      publicRoutes: [...PUBLIC_ROUTES, ...HEALTH_ROUTES, 'GET /api/v1/probe/open'],
      expiredToken: await expiredToken(),
      send,
    });
    expect(result.faults).toEqual([]);
    expect(result.checked).toBeGreaterThanOrEqual(3);
  });

  it('is found out when it is open, or when the list is stale', async () => {
    const publicRoutes = [...PUBLIC_ROUTES, 'GET /api/v1/probe/gone'];
    const { faults } = await unauthorizedRoutes({
      document,
      publicRoutes,
      send,
      expiredToken: 'x.y.z',
    });
    expect(faults).toContain('GET /api/v1/probe/gone is listed as public but does not exist');
    expect(faults).toContain('GET /api/v1/probe/open answered 200 to no token');
    expect(faults).not.toContainEqual(expect.stringContaining('probe/closed'));
  });

  it('of authentication says what it does and what it may answer', () => {
    const login = document.paths['/api/v1/authentication/login']!.post!;
    expect(login.summary).toBeTruthy();
    for (const status of ['200', '400', '401', '403', '409', '429', '503']) {
      expect(Object.keys(login.responses)).toContain(status);
    }
  });
});
