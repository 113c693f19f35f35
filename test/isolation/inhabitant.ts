/** A tenant of the test: who acts in it, and what it has of each kind. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { publicKeyText } from '../../src/kernel/signature.js';
import type { WholeApp } from '../support/whole-app.js';

/** What a tenant has, by kind: an id or a name. */
export type Values = Record<string, string>;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  headers?: Record<string, string>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at, not typed
  readonly body: any;
}

let addresses = 0;
/** Of a client that has asked nothing yet, so that no budget of refusals plays a part. */
const freshAddress = () =>
  `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses++ & 255}`;

export async function ask(url: string, token: string | null, asked: Asked): Promise<Answered> {
  const { method, path, body, headers = {} } = asked;
  const isForm = body instanceof FormData;
  const response = await fetch(url + path, {
    method,
    headers: {
      'x-forwarded-for': freshAddress(),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const { status } = response;
  return {
    status,
    headers: response.headers,
    text,
    body: isJson && text ? JSON.parse(text) : null,
  };
}

/** A word of its own in everything that a tenant can write: so many characters, whoever's it is. */
export const newMark = (whose: string) => `${whose}${randomBytes(5).toString('hex')}`.slice(0, 12);

export class Inhabitant {
  readonly values: Values = {};
  private fresh = 0;

  private constructor(
    readonly whole: WholeApp,
    readonly id: string,
    readonly slug: string,
    readonly mark: string,
    /** Its Admin's. */
    readonly token: string,
  ) {}

  static async move(whole: WholeApp, whose: string): Promise<Inhabitant> {
    const mark = newMark(whose);
    const slug = `${mark}-tenant`;
    const id = await whole.tenant(slug);
    const admin = await whole.member(id, 'Admin');
    return new Inhabitant(whole, id, slug, mark, admin.token);
  }

  /** As its Admin; throws what was refused. */
  async make(method: string, path: string, body?: unknown, more: Partial<Asked> = {}) {
    const asked = {
      method,
      path: `/api/v1${path}`,
      ...(body === undefined ? {} : { body }),
      ...more,
    };
    const answer = await ask(this.whole.url, this.token, asked);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} was refused: ${answer.status} ${answer.text}`);
  }

  /** For something new of that kind, and nobody's; all are equally long. */
  newName(kind: string): string {
    const name = `fresh-${String((this.fresh += 1)).padStart(6, '0')}`;
    if (kind === 'publicKey') return publicKeyText(generateKeyPairSync('ed25519').publicKey);
    return kind === 'email' ? `${name}@example.org` : name;
  }
}
