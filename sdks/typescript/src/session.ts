import { errorOf } from './tidegate-error.js';
import type { components } from './schema.js';

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Where a session's tokens live between calls: in memory, or in a file that processes share. */
export interface TokenStore {
  read(): Promise<TokenPair | null>;
  write(tokens: TokenPair): Promise<void>;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly tenant?: string;
  /** The code of an authenticator app, for who has one; it is good for one sign-in. */
  readonly totp?: string;
  /** Instead of a code; each is good once. */
  readonly recoveryCode?: string;
}

type Send = (request: Request) => Promise<Response>;
type Tokens = components['schemas']['Tokens'];

/** What calls carry as `Authorization`. `renew` is asked after a 401; false: nothing can be done. */
export interface Credentials {
  token(): Promise<string | null>;
  renew(refused: string): Promise<boolean>;
}

/** An access key, or a token whose life is somebody else's business. */
export function fixedToken(token: string | null): Credentials {
  return { token: () => Promise.resolve(token), renew: () => Promise.resolve(false) };
}

export function memoryStore(tokens: TokenPair | null = null): TokenStore {
  let kept = tokens;
  return {
    read: () => Promise.resolve(kept),
    write: (next) => {
      kept = next;
      return Promise.resolve();
    },
  };
}

/**
 * Signs in when there are no tokens and a login is known, and renews them after a 401. A refresh
 * token works once, so concurrent calls share one renewal, and tokens that another process renewed
 * meanwhile are taken from the store.
 */
export class Session implements Credentials {
  private renewal: Promise<boolean> | null = null;

  constructor(
    private readonly baseUrl: string,
    private readonly send: Send,
    private readonly store: TokenStore,
    private readonly loginWith: Login | null,
  ) {}

  async token(): Promise<string | null> {
    const kept = await this.store.read();
    if (kept) return kept.accessToken;
    if (!this.loginWith) return null;
    await this.once(() => this.signIn());
    return (await this.store.read())?.accessToken ?? null;
  }

  renew(refused: string): Promise<boolean> {
    return this.once(() => this.replace(refused));
  }

  private async replace(refused: string): Promise<boolean> {
    const kept = await this.store.read();
    if (kept && kept.accessToken !== refused) return true;
    if (kept) {
      const { refreshToken } = kept;
      const response = await this.post('refresh', { refreshToken });
      if (response.ok) return this.keep(response);
      // Anything but a refusal is an outage: the old session may well be good.
      if (response.status !== 401) throw await errorOf(response);
    }
    return this.loginWith ? this.signIn() : false;
  }

  private async signIn(): Promise<boolean> {
    const response = await this.post('login', { ...this.loginWith });
    if (!response.ok) throw await errorOf(response);
    return this.keep(response);
  }

  private async keep(response: Response): Promise<boolean> {
    const { accessToken, refreshToken } = (await response.json()) as Tokens;
    await this.store.write({ accessToken, refreshToken });
    return true;
  }

  private post(verb: 'login' | 'refresh', body: object): Promise<Response> {
    const url = `${this.baseUrl}/api/v1/authentication/${verb}`;
    const headers = { 'content-type': 'application/json' };
    return this.send(new Request(url, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  private once(work: () => Promise<boolean>): Promise<boolean> {
    this.renewal ??= work().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }
}
