import { ownPage } from './browser.js';
import type { Answer, IdentityApp } from './identity-app.js';
import { Browser, challengeOf, newVerifier, OWN_ORIGIN } from './oidc-browser.js';
import { CLIENT_SECRET, type OidcIssuer } from './oidc-issuer.js';

export type OidcPeople = ReturnType<typeof oidcPeople>;

/** People of an issuer at a Tidegate: providers are connected, people sign in, link and prove themselves. */
export function oidcPeople(rig: IdentityApp, issuer: OidcIssuer) {
  const admin = async (as = 'boss') => (await rig.login(as)).body.accessToken as string;

  async function connect(body: object, as = 'boss'): Promise<Answer['body']> {
    const made = await rig.send('identity-providers', {
      method: 'POST',
      token: await admin(as),
      body: {
        issuer: issuer.issuer,
        clientId: `tidegate-${Math.random()}`,
        clientSecret: CLIENT_SECRET,
        ...body,
      },
    });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    issuer.register(made.body.clientId, made.body.redirectUri);
    return made.body;
  }

  async function change(id: string, changes: object, as = 'boss'): Promise<Answer> {
    const token = await admin(as);
    const now = await rig.send(`identity-providers/${id}`, { token });
    const { hasSecret: _s, redirectUri: _r, version, createdAt: _c, id: _i, ...rules } = now.body;
    return rig.send(`identity-providers/${id}`, {
      method: 'PUT',
      token,
      headers: { 'if-match': `"${version}"` },
      body: { ...rules, ...changes },
    });
  }

  const complete = (code: string | null, verifier: string, tenant?: string, address?: string) =>
    rig.send('authentication/oidc/complete', {
      method: 'POST',
      body: { code, verifier, ...(tenant ? { tenant } : {}) },
      ...(address ? { address } : {}),
    });

  /** The same for a page of the server: with a cookie. */
  const completeInBrowser = (code: string | null, verifier: string) =>
    rig.send('authentication/browser/oidc', {
      method: 'POST',
      headers: ownPage(new URL(OWN_ORIGIN).host, 'https'),
      body: { code, verifier },
    });

  /** The whole way: from the start to the tokens. */
  async function signIn(
    as: string,
    { id, tenant, address }: { id: string; tenant?: string; address?: string },
  ): Promise<Answer> {
    const verifier = newVerifier();
    const landed = await new Browser(rig).open(startOf(verifier, id), { as });
    if (landed.status !== 0) throw new Error(landed.text.slice(0, 1500));
    const { url } = landed;
    const error = url.searchParams.get('error');
    if (error !== null) throw new Error(error);
    return complete(url.searchParams.get('code'), verifier, tenant, address);
  }

  /** By the session of the token: its account is linked to somebody there, or it is proved by them. */
  async function atProvider(
    purpose: 'start' | 'prove',
    { token, id, as }: { token: string; id: string; as: string },
  ): Promise<Answer> {
    const verifier = newVerifier();
    const begun = await rig.send(`me/identities/${id}/${purpose}`, {
      method: 'POST',
      token,
      body: { redirect: '/signed-in', challenge: challengeOf(verifier) },
    });
    if (begun.status !== 200) return begun;
    const landed = await new Browser(rig).open(begun.body.url, { as });
    const body = { code: landed.url.searchParams.get('code'), verifier };
    return rig.send('me/identities/complete', { method: 'POST', token, body });
  }

  return { admin, connect, change, complete, completeInBrowser, signIn, atProvider };
}

export const startOf = (verifier: string, id: string, redirect = '/signed-in') =>
  `/api/v1/authentication/oidc/${id}/start?redirect=${encodeURIComponent(redirect)}&challenge=${challengeOf(verifier)}`;
