import type { Answer, IdentityApp, Request } from './identity-app.js';
import { passwordOf } from './identity-app.js';

/** As a page of the server sends it. */
export const ownPage = (host = 'localhost:3000', scheme = 'http') => ({
  host,
  origin: `${scheme}://${host}`,
  'sec-fetch-site': 'same-origin',
  'x-tidegate-page': '1',
});

/** What a browser would send back of `Set-Cookie`. */
export function cookieFrom({ headers }: Pick<Answer, 'headers'>): string {
  return String(headers['set-cookie']).split(';')[0]!;
}

/** A browser with one page of the server: it keeps the cookie, and its page says where it is from. */
export class Browser {
  cookie: string | undefined;

  constructor(
    private readonly rig: Pick<IdentityApp, 'send'>,
    private readonly page: Record<string, string> = ownPage(),
  ) {}

  async send(path: string, request: Request = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...this.page, ...request.headers };
    if (this.cookie !== undefined) headers.cookie ??= this.cookie;
    const answer = await this.rig.send(path, { ...request, headers });
    if (answer.headers['set-cookie'] !== undefined) this.cookie = cookieFrom(answer);
    return answer;
  }

  signIn(username: string, more: object = {}): Promise<Answer> {
    const body = { username, password: passwordOf(username), ...more };
    return this.send('authentication/browser/login', { method: 'POST', body });
  }
}
