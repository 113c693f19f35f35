import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPage, pageHeaders } from '../security-headers.js';
import { type BuiltFile, type BuiltPages, NONCE_PLACE, readBuiltPages } from './built-pages.js';
import { FRONT_LINKS, frontPage } from './front-page.js';

const FOR_EVER = 'public, max-age=31536000, immutable';
/** Asked for again each time: a page of yesterday would load files that are gone. */
const ASK_AGAIN = 'no-cache';

/**
 * The dashboard: its files, and its one page wherever a person asks for a page. It answers only what no
 * route has, so nothing of the API can be hidden by it.
 */
export class Pages {
  private readonly built: BuiltPages | null;
  private readonly index: string;

  constructor(folder: string, publicOrigin: string) {
    this.built = readBuiltPages(folder);
    this.index = this.built?.index ?? frontPage(publicOrigin);
  }

  /** Whether it was a page or a file of one. */
  show(request: FastifyRequest, reply: FastifyReply): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const path = request.url.split('?')[0]!;
    if (!isPage(path)) return false;
    const file = this.built?.files.get(path);
    if (file) this.send(file, request, reply);
    else if (isNavigation(request, path)) this.begin(reply);
    else if (path === '/') this.tellLinks(reply);
    else return false;
    return true;
  }

  private send(
    { type, bytes, packed, isHashed }: BuiltFile,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const taken = request.headers['accept-encoding'] ?? '';
    const encoding = (['br', 'gzip'] as const).find(
      (name) => packed[name] && new RegExp(`\\b${name}\\b`).test(String(taken)),
    );
    if (encoding) void reply.header('content-encoding', encoding);
    void reply
      .headers({ 'cache-control': isHashed ? FOR_EVER : ASK_AGAIN, vary: 'accept-encoding' })
      .type(type)
      .send(encoding ? packed[encoding] : bytes);
  }

  private begin(reply: FastifyReply): void {
    const nonce = randomBytes(16).toString('base64url');
    void reply
      .headers({ ...pageHeaders(nonce), 'cache-control': ASK_AGAIN, vary: 'accept' })
      .type('text/html; charset=utf-8')
      .send(this.index.replaceAll(NONCE_PLACE, nonce));
  }

  private tellLinks(reply: FastifyReply): void {
    void reply
      .headers({ 'cache-control': ASK_AGAIN, vary: 'accept' })
      .type('application/json; charset=utf-8')
      .send(FRONT_LINKS);
  }
}

/** Of a person: programs that guess paths, and scripts that are gone, hear that there is nothing. */
function isNavigation({ headers }: FastifyRequest, path: string): boolean {
  const mode = headers['sec-fetch-mode'];
  // At the root there is nothing else that one could have meant.
  if (mode !== undefined && mode !== 'navigate' && path !== '/') return false;
  const isFileName = /\.[a-z0-9]+$/i.test(path);
  return !isFileName && /\btext\/html\b/.test(headers.accept ?? '');
}
