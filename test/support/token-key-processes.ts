/** Processes of one installation on one database, each with its clock, and what tests ask of their keys. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { Logger } from '../../src/platform/logging/logger.js';
import { tokenKeyOf } from '../../src/tenancy/token-keys/token-key.js';
import { withClient } from './database.js';
import { type IdentityApp, identityApp } from './identity-app.js';

const LIST = 'platform/token-signing-keys';

export interface ListedVersion {
  readonly kid: string;
  readonly origin: string;
  readonly state: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

export class TokenKeyProcesses {
  readonly first: IdentityApp;
  readonly second: IdentityApp;
  /** What all of them have logged and answered about their keys. */
  readonly said: string[] = [];
  private readonly all: IdentityApp[] = [];

  private constructor(first: IdentityApp, second: IdentityApp, said: string[]) {
    this.first = first;
    this.second = second;
    this.said = said;
    this.all.push(first, second);
  }

  static async start(): Promise<TokenKeyProcesses> {
    const said: string[] = [];
    const logger = loggerInto(said);
    const first = await identityApp({ logger });
    const second = await identityApp({ beside: first, logger });
    await first.tenant('acme');
    await first.user('ada', { acme: ['Viewer'] });
    await first.user('boss', { acme: ['Admin'] });
    await first.user('root', { platform: ['PlatformAdmin'] });
    const processes = new TokenKeyProcesses(first, second, said);
    processes.advance(1_000);
    return processes;
  }

  /** One more, with the clock of the first. */
  async start(environment: Record<string, string> = {}): Promise<IdentityApp> {
    const logger = loggerInto(this.said);
    const made = await identityApp({ beside: this.first, environment, logger });
    this.all.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const app of this.all.reverse()) await app.close();
  }

  advance(ms: number): void {
    for (const { clock } of this.all) clock.advance(ms);
  }

  async rotate(body: object = {}, app = this.first) {
    const token = await tokenOf(app, 'root');
    const answer = await app.send(`${LIST}/rotate`, { method: 'POST', token, body });
    this.said.push(JSON.stringify(answer));
    return answer;
  }

  async versions(app = this.first): Promise<ListedVersion[]> {
    const answer = await app.send(LIST, { token: await tokenOf(app, 'root') });
    this.said.push(JSON.stringify(answer));
    return answer.body.items as ListedVersion[];
  }

  /** As the superuser. */
  rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return withClient(this.first.ground.database.superuser, async (client) => {
      return (await client.query<Row>(sql, [...values])).rows;
    });
  }

  async signingKeyFile(name: string): Promise<string> {
    const file = join(this.first.ground.home, name);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return file;
  }

  /** As somebody does who has the private half, with times that are right at this moment. */
  signedWith(pem: string, like: string): Promise<string> {
    const now = Math.floor(this.first.clock.now() / 1000);
    const { kid, privateKey } = tokenKeyOf(createPrivateKey(pem));
    return new SignJWT({ ...decodeJwt(like), iat: now, nbf: now, exp: now + 900 })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .sign(privateKey);
  }
}

export async function tokenOf(app: IdentityApp, username: string): Promise<string> {
  const { status, body } = await app.login(username);
  if (status !== 200) throw new Error(`not signed in: ${JSON.stringify(body)}`);
  return body.accessToken as string;
}

export function kidOf(token: string): string {
  return decodeProtectedHeader(token).kid!;
}

/** Of a request with this token. */
export async function statusOf(app: IdentityApp, token: string): Promise<number> {
  return (await app.send('authentication/me', { token })).status;
}

export async function publishedKids(app: IdentityApp): Promise<string[]> {
  const { body } = await app.send('/.well-known/jwks.json');
  return body.keys.map(({ kid }: { kid: string }) => kid);
}

function loggerInto(lines: string[]): Logger {
  const destination = { write: (line: string) => void lines.push(line) };
  return Logger.create({ level: 'debug', format: 'json', destination });
}
