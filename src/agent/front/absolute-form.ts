import type { IncomingMessage } from 'node:http';

const ABSOLUTE = /^https?:\/\/([^/?#@\s\\]+)([/?][^#\s]*)?$/i;

/**
 * `GET http://shop.example/page`: a server must take this form, too, and its host in place of that of
 * the header (RFC 9112, section 3.2.2). The instance gets the usual form, so that nobody behind can
 * read two hosts. What is no such address stays as it is, and is refused.
 */
export function takeAbsoluteForm(request: IncomingMessage): void {
  const match = ABSOLUTE.exec(request.url ?? '');
  if (match === null) return;
  const [, authority = '', rest = ''] = match;
  // Without a path this is `OPTIONS *`, which is not for a module.
  if (request.method === 'OPTIONS' && rest === '') return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  request.headers.host = authority;
  const { rawHeaders } = request;
  const at = rawHeaders.findIndex(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'host',
  );
  if (at < 0) rawHeaders.push('Host', authority);
  else rawHeaders[at + 1] = authority;
}
