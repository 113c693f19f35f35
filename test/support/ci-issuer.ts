/** An issuer of CI tokens as GitHub, GitLab and others are: discovery, keys and signed tokens, on this machine. */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type JWK, SignJWT } from 'jose';
import type { Clock } from '../../src/kernel/clock.js';

interface SigningKey {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
}

export class CiIssuer {
  readonly asked = { discovery: 0, keys: 0 };
  /** What its documents say instead of the truth. */
  discovery: Record<string, unknown> = {};
  cacheControl: string | undefined;
  isDown = false;
  private published: SigningKey[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
    private readonly clock: Clock,
  ) {}

  static async start(clock: Clock): Promise<CiIssuer> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const issuer = new CiIssuer(server, url, clock);
    server.on('request', (request, response) => {
      if (issuer.isDown) return void response.socket?.destroy();
      const body = issuer.answer(request.url ?? '');
      response.statusCode = body ? 200 : 404;
      response.setHeader('content-type', 'application/json');
      if (issuer.cacheControl) response.setHeader('cache-control', issuer.cacheControl);
      response.end(JSON.stringify(body ?? {}));
    });
    await issuer.rotate('RS256');
    return issuer;
  }

  get key(): SigningKey {
    return this.published[0]!;
  }

  /** A new key signs from now on; older ones stay published until they are dropped. */
  async rotate(alg: SigningKey['alg'], isDropping = false): Promise<void> {
    const pair =
      alg === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const kid = randomUUID();
    const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' };
    const key = { kid, alg, privateKey: pair.privateKey, jwk };
    this.published = [key, ...(isDropping ? [] : this.published)];
  }

  /** With what every token has; whatever is named takes its place, and undefined leaves it out. */
  claims(more: Record<string, unknown> = {}): Record<string, unknown> {
    const now = Math.floor(this.clock.now() / 1000);
    const usual = { iss: this.url, jti: randomUUID(), iat: now, nbf: now, exp: now + 300 };
    return JSON.parse(JSON.stringify({ ...usual, ...more })) as Record<string, unknown>;
  }

  token(more: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const { alg, kid, privateKey } = this.key;
    return new SignJWT(this.claims(more))
      .setProtectedHeader({ alg, typ: 'JWT', kid, ...header })
      .sign(privateKey);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private answer(path: string): object | null {
    if (path.startsWith('/.well-known/openid-configuration')) {
      this.asked.discovery += 1;
      return { issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.discovery };
    }
    if (path !== '/keys') return null;
    this.asked.keys += 1;
    return { keys: this.published.map(({ jwk }) => jwk) };
  }
}

/** What a token of GitHub says of a job on the main branch of acme/shop. */
export const githubJob = {
  aud: 'tidegate:acme:ci',
  sub: 'repo:acme@9919/shop@718293104:ref:refs/heads/main',
  repository: 'acme/shop',
  repository_id: '718293104',
  repository_owner: 'acme',
  repository_owner_id: '9919',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  event_name: 'push',
  workflow_ref: 'acme/shop/.github/workflows/release.yml@refs/heads/main',
  job_workflow_ref: 'acme/ci/.github/workflows/deploy.yml@refs/tags/v3',
  runner_environment: 'github-hosted',
  run_id: '16042',
  sha: '4f2c1e9d',
};
