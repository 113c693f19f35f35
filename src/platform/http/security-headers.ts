/**
 * The headers that every answer carries. helmet knows the list; what is said here is only where we
 * are stricter. By path, since the API shows no pages and its docs do.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

type Headers = Readonly<Record<string, string>>;
type Directives = Record<string, Iterable<string>>;

const NOTHING: Directives = {
  defaultSrc: ["'none'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};
/** Pages bring their own scripts; only styles and images may stand inside them. */
const PAGES: Directives = {
  ...NOTHING,
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  formAction: ["'self'"],
};

const forApi: Headers = { ...headersOf(NOTHING), 'cache-control': 'no-store' };
const forPages = headersOf(PAGES);

export function securityHeaders(url: string): Headers {
  return isPage(url) ? forPages : forApi;
}

/** Whether people look at it; else programs call it. */
export function isPage(url: string): boolean {
  const path = url.split('?')[0]!;
  const isDocs = path === '/api/docs' || path.startsWith('/api/docs/');
  return isDocs || !/^\/(api|health|metrics|\.well-known|scim|socket\.io)(\/|$)/.test(path);
}

/** What helmet would set, asked once: also answers that pass no hook (a broken request) need it. */
function headersOf(directives: Directives): Headers {
  const options: HelmetOptions = {
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: { maxAge: 365 * 24 * 60 * 60, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  };
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error) throw error as Error;
  });
  return headers;
}
