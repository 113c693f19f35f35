import type { FastifyRequest } from 'fastify';
import { Grants } from '../../src/kernel/grants.js';
import { type ActorKind, Context } from '../../src/platform/context.js';
import { unauthenticated } from '../../src/platform/http/http.errors.js';
import { RequestAuthenticator } from '../../src/platform/http/request-authenticator.js';

/** `Bearer <kind>.<tenant>.<id>[.<rate>]` is who it says: for the HTTP side alone. */
export class BelievingAuthenticator extends RequestAuthenticator {
  authenticate(request: FastifyRequest): Promise<Context> {
    const [kind, tenantId = '', id = '', rate] = (request.headers.authorization ?? '')
      .slice('Bearer '.length)
      .split('.');
    if (id === '') throw unauthenticated();
    if (rate) request.ratePerMinute = Number(rate);
    const actor = { kind: kind as ActorKind, id, name: id, personId: null };
    request.context = new Context({ tenantId, actor, grants: Grants.none, requestId: request.id });
    return Promise.resolve(request.context);
  }
}
