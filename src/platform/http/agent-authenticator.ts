import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.js';

/**
 * Tells which node sends a request, from the token it signed with its own key. The guard in tenancy
 * asks; the agent's driver answers. Throws DomainError `unauthenticated` for everything doubtful.
 */
export abstract class AgentAuthenticator {
  abstract authenticate(request: FastifyRequest): Promise<Context>;
}
