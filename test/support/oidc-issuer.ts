import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import Provider from 'oidc-provider';

export type Claims = Record<string, unknown>;

export interface OidcIssuer {
  readonly issuer: string;
  /** The client that Tidegate is there. */
  register(clientId: string, redirectUri: string): void;
  /** What it says of whom, from the next sign-in on. */
  readonly people: Map<string, Claims>;
  close(): Promise<void>;
}

export const CLIENT_SECRET = 'canary-client-secret-of-the-tests-0123456789';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listening(host: string, handlerOf: (issuer: string) => Handler) {
  let handler: Handler = () => undefined;
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const issuer = `http://${host}:${(server.address() as AddressInfo).port}`;
  handler = handlerOf(issuer);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { issuer, close };
}

/** A real issuer of OpenID Connect, as others run it. */
export async function startOidcIssuer(): Promise<OidcIssuer> {
  const clients = new Map<string, object>();
  const people = new Map<string, Claims>();
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'of-the-tests', use: 'sig', alg: 'RS256' };
  const { issuer, close } = await listening('127.0.0.1', (own) =>
    new Provider(own, configurationOf(clients, people, key)).callback(),
  );
  return {
    issuer,
    people,
    close,
    register(clientId, redirectUri) {
      clients.set(clientId, {
        client_id: clientId,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      });
    },
  };
}

function configurationOf(clients: Map<string, object>, people: Map<string, Claims>, key: object) {
  return {
    adapter: adapterWith(clients, people),
    jwks: { keys: [key] },
    cookies: { keys: ['of the tests'] },
    // All that is said of somebody is in the ID token, as with Keycloak and Entra ID.
    conformIdTokenClaims: false,
    claims: {
      openid: [
        'sub',
        'groups',
        'roles',
        'realm_access',
        'hd',
        'xms_edov',
        'amr',
        'acr',
        'auth_time',
      ],
      profile: ['preferred_username', 'name'],
      email: ['email', 'email_verified'],
    },
    features: { devInteractions: { enabled: true } },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...people.get(id) }),
    }),
    async loadExistingGrant(ctx: {
      oidc: {
        provider: Provider;
        client: { clientId: string };
        session: { accountId: string };
      };
    }) {
      const { provider, client, session } = ctx.oidc;
      const { clientId } = client;
      const grant = new provider.Grant({ clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
}

function adapterWith(clients: Map<string, object>, people: Map<string, Claims>) {
  const stored = new Map<string, Claims>();
  return class {
    constructor(private readonly model: string) {}

    async find(id: string): Promise<object | undefined> {
      return this.model === 'Client' ? clients.get(id) : stored.get(`${this.model}/${id}`);
    }

    async upsert(id: string, payload: Claims): Promise<void> {
      // How somebody has signed in is the session's to say there, and the form of the tests asks for nothing.
      const isCode = this.model === 'AuthorizationCode';
      const amr = isCode ? people.get(String(payload['accountId']))?.['amr'] : undefined;
      stored.set(`${this.model}/${id}`, amr === undefined ? payload : { ...payload, amr });
    }

    async findByUid(uid: string): Promise<object | undefined> {
      return [...stored.values()].find((one) => one['uid'] === uid && one['kind'] === this.model);
    }

    async consume(id: string): Promise<void> {
      const found = stored.get(`${this.model}/${id}`);
      if (found) found['consumed'] = Math.floor(Date.now() / 1000);
    }

    async destroy(id: string): Promise<void> {
      stored.delete(`${this.model}/${id}`);
    }

    async revokeByGrantId(): Promise<void> {}
    async findByUserCode(): Promise<undefined> {
      return undefined;
    }
  };
}

/** How the token of the next sign-in is made. */
export interface Forgery {
  readonly claims?: Claims;
  /** As which issuer's, signed with which key, or not at all. */
  readonly alg?: 'RS256' | 'none' | 'HS256';
  readonly isStrangersKey?: boolean;
  readonly discovery?: Claims;
}

export interface ForgingIssuer {
  readonly issuer: string;
  forge(forgery: Forgery): void;
  /** Codes that were shown to its token endpoint. */
  readonly codes: string[];
  /** What it was asked at its two doors, in order. */
  readonly asked: { readonly authorize: URLSearchParams[]; readonly token: URLSearchParams[] };
  close(): Promise<void>;
}

/** An issuer that says whatever a test wants; it signs everybody in at once. */
export async function startForgingIssuer(host = '127.0.0.1'): Promise<ForgingIssuer> {
  let now: Forgery = {};
  const nonces = new Map<string, string>();
  const codes: string[] = [];
  const asked: ForgingIssuer['asked'] = { authorize: [], token: [] };
  const [own, strange] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' };

  const tokenFor = async (issuer: string, nonce: string | undefined) => {
    const at = Math.floor(Date.now() / 1000);
    const base = { iss: issuer, aud: 'tidegate', sub: 'forged', iat: at, exp: at + 60, nonce };
    const claims: Claims = { ...base, ...now.claims };
    if (now.alg === 'none') return new UnsecuredJWT(claims).encode();
    if (now.alg === 'HS256') {
      const secret = new TextEncoder().encode(CLIENT_SECRET);
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    }
    const key = now.isStrangersKey ? strange.privateKey : own.privateKey;
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(key);
  };

  const answer = async (issuer: string, request: IncomingMessage): Promise<object | URL> => {
    const url = new URL(request.url ?? '/', issuer);
    if (url.pathname === '/authorize') {
      asked.authorize.push(url.searchParams);
      const back = new URL(url.searchParams.get('redirect_uri')!);
      const code = `code-${nonces.size}`;
      nonces.set(code, url.searchParams.get('nonce')!);
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state')!);
      return back;
    }
    if (url.pathname === '/keys') return { keys: [jwk] };
    if (url.pathname === '/token') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      asked.token.push(form);
      const code = form.get('code') ?? '';
      codes.push(code);
      const token = await tokenFor(issuer, nonces.get(code));
      return { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token: token };
    }
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      ...now.discovery,
    };
  };

  const { issuer, close } = await listening(host, (at) => (request, response) => {
    void answer(at, request).then((said) => {
      if (said instanceof URL) response.writeHead(302, { location: said.href }).end();
      else {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(said));
      }
    });
  });
  return { issuer, codes, asked, close, forge: (forgery) => void (now = forgery) };
}
