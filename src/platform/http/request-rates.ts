import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.js';
import type { Asked, Counted, RateLimits } from '../rate-limits/rate-limits.js';
import type { RateClass, RateName } from '../rate-limits/rates.js';
import { clientAddressOf, hostOf } from './client-address.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a key that was given a number of its own; what found the caller out leaves it here. */
    ratePerMinute?: number;
  }
}

/** What a request counts against, and what its answer says of it. */
export class RequestRates {
  constructor(private readonly rates: RateLimits) {}

  /** Before anybody is asked who sends it. Throws `rate-limited`. */
  checkKnown(request: FastifyRequest, reply: FastifyReply): void {
    if (request.routeOptions.config.access?.kind === 'agent') return;
    const asked = this.rates.knownRefusal([ofAddress(request)]);
    if (asked) answer(reply, asked);
  }

  /** Once it is known who sends it, or that nobody has an account. Throws `rate-limited`. */
  async count(request: FastifyRequest, reply: FastifyReply, ctx?: Context): Promise<void> {
    const counted = ctx ? ofCaller(request, ctx) : ofStranger(request);
    if (counted.length > 0) answer(reply, await this.rates.ask(counted));
  }

  /** Whoever shows what is no good counts as well; a node that is behind the same address does not. */
  async countRefused(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const isAgent = request.routeOptions.config.access?.kind === 'agent';
    // Known by now, or not at all: some are refused for what they may not do.
    if (request.context || !isAgent) await this.count(request, reply, request.context);
  }
}

function answer(reply: FastifyReply, { tightest, refusal }: Asked): void {
  if (tightest) {
    void reply.headers({
      'x-ratelimit-limit': String(tightest.limit),
      'x-ratelimit-remaining': String(tightest.remaining),
      'x-ratelimit-reset': String(Math.ceil(tightest.resetMs / 1000)),
    });
  }
  if (refusal) throw refusal;
}

function ofStranger(request: FastifyRequest): Counted[] {
  const address = ofAddress(request);
  const isSignIn = request.routeOptions.config.rate === 'signIn';
  return isSignIn ? [address, { limit: 'signIn', of: address.of }] : [address];
}

function ofCaller(request: FastifyRequest, { tenantId, actor }: Context): Counted[] {
  const { rate = 'other' } = request.routeOptions.config;
  if (rate === 'none') return [];
  if (actor.kind === 'node') return [{ limit: 'node', of: `${tenantId}:${actor.id}`, tenantId }];
  const tenant: Counted = { limit: 'tenant', of: tenantId, tenantId };
  return [ofAddress(request), tenant, ofPrincipal(request, { tenantId, actor }, rate)];
}

function ofPrincipal(
  { ratePerMinute }: FastifyRequest,
  { tenantId, actor }: Pick<Context, 'tenantId' | 'actor'>,
  rate: RateClass,
): Counted {
  const of = `${tenantId}:${actor.id}`;
  if (actor.kind !== 'user') {
    return { limit: 'key', of, tenantId, ...(ratePerMinute && { perMinute: ratePerMinute }) };
  }
  return { limit: LIMIT_OF_PERSON[rate], of, tenantId };
}

const LIMIT_OF_PERSON: Readonly<Record<RateClass, RateName>> = {
  deployments: 'deployments',
  clusters: 'clusters',
  approvals: 'approvals',
  other: 'other',
  // Of callers without an account; whoever shows one is let in as anywhere else.
  signIn: 'other',
  none: 'other',
};

function ofAddress(request: FastifyRequest): Counted {
  return { limit: 'address', of: hostOf(clientAddressOf(request)) };
}
