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
/** Pages bring their own scripts and styles. */
const PAGES: Directives = {
  ...NOTHING,
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  formAction: ["'self'"],
};

/** The page that shows the document is others’ work: styles stand inside it. */
const DOCS: Directives = {
  ...PAGES,
  styleSrc: ["'self'", "'unsafe-inline'"],
  fontSrc: ["'self'", 'data:'],
};

const forApi: Headers = { ...headersOf(NOTHING), 'cache-control': 'no-store' };
const forPages = headersOf(PAGES);
const forDocs = headersOf(DOCS);
const SELF_STYLE = "style-src 'self'";

export function securityHeaders(url: string): Headers {
  if (isDocs(url)) return forDocs;
  return isPage(url) ? forPages : forApi;
}

/** Of a page whose scripts make style elements: those that know this response’s nonce. */
export function pageHeaders(nonce: string): Headers {
  const policy = forPages['content-security-policy']!;
  return {
    ...forPages,
    'content-security-policy': policy.replace(SELF_STYLE, `${SELF_STYLE} 'nonce-${nonce}'`),
  };
}

/** Whether people look at it; else programs call it. */
export function isPage(url: string): boolean {
  const path = url.split('?')[0]!;
  return (
    isDocs(path) || !/^\/(api|hubs|health|metrics|\.well-known|scim|socket\.io)(\/|$)/.test(path)
  );
}

function isDocs(url: string): boolean {
  return /^\/api\/docs([/?]|$)/.test(url);
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
