import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../settings/settings.js';
import { corsOrigins } from './cors.settings.js';

/** What a page may send; the safe ones need no word. */
const HEADERS =
  'authorization, content-type, idempotency-key, if-match, traceparent, x-act-as-reason, x-tenant';
/** What a page may read, beside the safe ones. */
const EXPOSED =
  'etag, location, retry-after, traceparent, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id';
/** A browser asks again after it: as long as a removed origin may still send, and not be answered. */
const PREFLIGHT_SECONDS = 600;

/**
 * Which pages of other origins a browser lets call. An origin is on a list, letter for letter, or it is
 * not; none is echoed, and there are no cookies that a page could use without knowing them. What is not
 * allowed gets no header, as if nobody knew of CORS.
 */
export class Cors {
  private known: { readonly revision: number; readonly origins: ReadonlySet<string> } | undefined;

  private settings: Settings | undefined;

  constructor(private readonly installation: readonly string[]) {}

  /** Known only when the modules have been made. */
  followTenants(settings: Settings): void {
    this.settings = settings;
  }

  /** Whether it was a preflight that was answered. `methods`: those of the path. */
  answerPreflight(
    request: FastifyRequest,
    reply: FastifyReply,
    methods: readonly string[],
  ): boolean {
    const { origin } = request.headers;
    const isPreflight =
      request.method === 'OPTIONS' &&
      request.headers['access-control-request-method'] !== undefined;
    if (!isPreflight || origin === undefined || methods.length === 0) return false;
    // Nobody says yet whose token will come: the answer to that request is for its tenant's pages only.
    if (!this.isAnybodys(origin)) return false;
    void reply
      .code(204)
      .headers({
        ...allowing(origin),
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': HEADERS,
        'access-control-max-age': String(PREFLIGHT_SECONDS),
      })
      .send();
    return true;
  }

  /** Once it is known who asks, or that nobody could be found. */
  allow(request: FastifyRequest, reply: FastifyReply): void {
    const { origin } = request.headers;
    if (origin === undefined) return;
    void reply.header('vary', 'origin');
    const tenantId = request.context?.tenantId;
    const isAllowed =
      tenantId === undefined ? this.isAnybodys(origin) : this.isOf(tenantId, origin);
    if (!isAllowed) return;
    void reply.headers({ ...allowing(origin), 'access-control-expose-headers': EXPOSED });
  }

  private isOf(tenantId: string, origin: string): boolean {
    if (this.installation.includes(origin)) return true;
    return this.settings?.valueOf(corsOrigins, { tenantId }).includes(origin) ?? false;
  }

  private isAnybodys(origin: string): boolean {
    const revision = this.settings?.revision ?? 0;
    if (this.known?.revision !== revision) {
      const ofTenants = this.settings?.valuesOfTenants(corsOrigins) ?? [];
      this.known = { revision, origins: new Set([...this.installation, ...ofTenants.flat()]) };
    }
    return this.known.origins.has(origin);
  }
}

function allowing(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, vary: 'origin' };
}
