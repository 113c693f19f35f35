import { createHash, randomBytes } from 'node:crypto';
import type { IdentityApp } from './identity-app.js';

export const OWN_ORIGIN = 'https://tidegate.test';
const MOST_STEPS = 15;

export const newVerifier = () => randomBytes(32).toString('base64url');
export const challengeOf = (verifier: string) =>
  createHash('sha256').update(verifier).digest('base64url');

export interface Landing {
  readonly status: number;
  readonly url: URL;
  readonly text: string;
}

/** What a browser does with redirects, cookies and a form for a name; Tidegate is asked in memory. */
export class Browser {
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(private readonly rig: IdentityApp) {}

  /** Another one with the same cookies. */
  copy(): Browser {
    const twin = new Browser(this.rig);
    for (const [origin, jar] of this.cookies) twin.cookies.set(origin, new Map(jar));
    return twin;
  }

  /** Until somewhere is no redirect; where `stop` says so it is not gone to any more. */
  async open(address: string, { as = 'ada', stop = isLanding }: Visit = {}): Promise<Landing> {
    let url = new URL(address, OWN_ORIGIN);
    let form: string | undefined;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      if (stop(url)) return { status: 0, url, text: '' };
      const { status, location, text } = await this.ask(url, form);
      form = undefined;
      if (location !== undefined) {
        url = new URL(location, url);
        continue;
      }
      const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
      if (status !== 200 || action === undefined) return { status, url, text };
      url = new URL(action, url);
      form = new URLSearchParams({ prompt: 'login', login: as, password: 'x' }).toString();
    }
    throw new Error(`the browser goes in circles: ${url.href}`);
  }

  private async ask(url: URL, form: string | undefined) {
    const jar = this.jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers: Record<string, string> = cookie === '' ? {} : { cookie };
    if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
    const isOwn = url.origin === OWN_ORIGIN;
    const { status, set, location, text } = isOwn
      ? await this.inject(url, headers)
      : await fetched(url, headers, form);
    for (const line of set) keep(jar, line);
    return { status, location, text };
  }

  private async inject(url: URL, headers: Record<string, string>) {
    const answer = await this.rig.send(url.pathname + url.search, { headers });
    const set = answer.headers['set-cookie'];
    return {
      status: answer.status,
      set: (Array.isArray(set) ? set : set === undefined ? [] : [set]) as string[],
      location: answer.headers['location'] as string | undefined,
      text: JSON.stringify(answer.body),
    };
  }

  private jarOf({ origin }: URL): Map<string, string> {
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    return jar;
  }
}

interface Visit {
  /** Who types a name where a form asks for one. */
  readonly as?: string;
  readonly stop?: (url: URL) => boolean;
}

const isLanding = ({ origin, pathname }: URL) => origin === OWN_ORIGIN && pathname === '/signed-in';

export const isCallback = ({ pathname }: URL) => pathname.endsWith('/callback');

async function fetched(url: URL, headers: Record<string, string>, form: string | undefined) {
  const answer = await fetch(url, {
    headers,
    redirect: 'manual',
    ...(form === undefined ? {} : { method: 'POST', body: form }),
  });
  return {
    status: answer.status,
    set: answer.headers.getSetCookie(),
    location: answer.headers.get('location') ?? undefined,
    text: await answer.text(),
  };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  const isGone = attributes.some((one) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(one));
  if (isGone) jar.delete(pair.slice(0, at));
  else jar.set(pair.slice(0, at), pair.slice(at + 1));
}
