/** Headers that every answer carries. By path, since the API shows no pages and the docs do. */
const EVERYWHERE = {
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
} as const;

const NOTHING = "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
/** Pages bring their own scripts; only styles and images may stand inside them. */
const PAGES =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; " +
  "object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

export function securityHeaders(url: string): Record<string, string> {
  const path = url.split('?')[0]!;
  const isDocs = path === '/api/docs' || path.startsWith('/api/docs/');
  const isApi = /^\/(api|health|metrics|\.well-known)(\/|$)/.test(path) && !isDocs;
  return {
    ...EVERYWHERE,
    'content-security-policy': isApi ? NOTHING : PAGES,
    ...(isApi ? { 'cache-control': 'no-store' } : {}),
  };
}
