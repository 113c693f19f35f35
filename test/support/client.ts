import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Tests look into answers of every shape. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** The API as any client sees it. */
export class Client {
  private constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  /** Without `tenant`: the only one that the person belongs to. */
  static async login(
    url: string,
    username: string,
    password: string,
    tenant?: string,
  ): Promise<Client> {
    const anonymous = new Client(url, '');
    const account = { username, password, ...(tenant === undefined ? {} : { tenant }) };
    const { status, body } = await anonymous.post('/authentication/login', account);
    if (status !== 200) throw new Error(`login failed: ${status} ${JSON.stringify(body)}`);
    return new Client(url, body.accessToken as string);
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('PUT', path, body, headers);
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        ...(body !== undefined && !isForm ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
    };
  }

  /** Asks again until the answer is as wanted; says what came last when it never is. */
  async until<T>(path: string, wanted: (body: T) => boolean, patienceMs = PATIENCE_MS): Promise<T> {
    const deadline = performance.now() + patienceMs;
    let last: Answer | undefined;
    while (performance.now() < deadline) {
      last = await this.get(path).catch(() => undefined);
      if (last?.status === 200 && wanted(last.body as T)) return last.body as T;
      await pause(50);
    }
    throw new Error(
      `GET ${path} never came as wanted; last: ${JSON.stringify(last?.body, null, 1)}`,
    );
  }
}
