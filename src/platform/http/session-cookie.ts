/**
 * The cookie of a browser's session: its name, its attributes, and for which requests it counts. A
 * browser sends it by itself, so each request has to say that a page of this server has sent it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { foreignPage, httpsNeeded } from './page.errors.js';

export type CookieHeaders = Pick<
  IncomingHttpHeaders,
  'host' | 'origin' | 'cookie' | 'authorization'
> &
  Readonly<Record<string, string | string[] | undefined>>;

export interface PageRequest {
  readonly method: string;
  readonly headers: CookieHeaders;
}

/** How this server is reached. */
interface Reached {
  readonly publicUrl: string | null;
  readonly tls: unknown;
}

/** A form cannot set it, and no other origin may: it is not among the headers of cors.ts. */
export const PAGE_HEADER = 'x-tidegate-page';

/** `__Host-`: set over https, by this very host, for all its paths; none of its siblings can plant one. */
const SECURE_NAME = '__Host-tidegate';
const PLAIN_NAME = 'tidegate';

const SAFE = ['GET', 'HEAD'];
const LOOPBACK = /^(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a cookie of ours comes along, good or not. */
export function carriesSession({ cookie }: CookieHeaders): boolean {
  return cookie !== undefined && /(^|;\s*)(__Host-)?tidegate(-\d+)?=/.test(cookie);
}

/** Undefined: there is none, or several of one name, of which nobody knows which is ours. */
export function sessionCookieOf(headers: CookieHeaders, reached: Reached): string | undefined {
  const name = `${nameFor(headers, reached)}=`;
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const found = pairs.filter((pair) => pair.startsWith(name));
  return found.length === 1 ? found[0]!.slice(name.length) : undefined;
}

/** The value of `Set-Cookie`. No seconds: it is taken away. */
export function sessionCookie(
  headers: CookieHeaders,
  reached: Reached,
  { text, maxAgeSeconds }: { readonly text: string; readonly maxAgeSeconds: number },
): string {
  const name = nameFor(headers, reached);
  const attributes = ['Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Strict'];
  if (name === SECURE_NAME) attributes.push('Secure');
  return [`${name}=${text}`, ...attributes].join('; ');
}

/**
 * Whether a page of this server has sent it. What a browser says of where a request comes from no page
 * can change. What is not said counts as foreign as soon as something may be changed. Throws
 * `foreign-page`, `https-needed`.
 */
export function checkPage({ method, headers }: PageRequest, reached: Reached): void {
  const { origin, 'sec-fetch-site': site } = headers;
  const isSafe = SAFE.includes(method);
  const sites = isSafe ? ['same-origin', 'none'] : ['same-origin'];
  if (site !== undefined && !sites.includes(String(site))) throw foreignPage();
  if (origin !== undefined) checkOrigin(origin, headers, reached);
  if (isSafe) return;
  if (origin === undefined || headers[PAGE_HEADER] !== '1') throw foreignPage();
}

/** Of a socket, whose handshake is a GET that opens more than a GET may. */
export function checkSocketPage(headers: CookieHeaders, reached: Reached): void {
  if (headers.origin === undefined) throw foreignPage();
  checkPage({ method: 'GET', headers }, reached);
}

function checkOrigin(text: string, headers: CookieHeaders, reached: Reached): void {
  const origin = URL.canParse(text) ? new URL(text) : null;
  const isOwn = origin !== null && (origin.host === hostOf(headers) || isPublic(origin, reached));
  if (!isOwn) throw foreignPage();
  const isSecure = origin.protocol === 'https:';
  if (!isSecure && nameFor(headers, reached) === SECURE_NAME) throw httpsNeeded();
}

function isPublic({ origin }: URL, { publicUrl }: Reached): boolean {
  return publicUrl !== null && new URL(publicUrl).origin === origin;
}

/** Cookies know no ports: two servers on one machine must not sign each other out. */
function nameFor(headers: CookieHeaders, { publicUrl, tls }: Reached): string {
  const isHttps = Boolean(tls) || publicUrl?.startsWith('https:') === true;
  const host = hostOf(headers);
  if (isHttps || host === undefined) return SECURE_NAME;
  const { hostname, port } = new URL(`http://${host}`);
  return LOOPBACK.test(hostname) ? `${PLAIN_NAME}-${port || 80}` : SECURE_NAME;
}

function hostOf({ host }: CookieHeaders): string | undefined {
  if (host === undefined || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).host;
}
