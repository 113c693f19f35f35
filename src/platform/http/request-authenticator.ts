import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.js';
import type { Access } from './access-rule.js';

/**
 * Finds out who sends a request, and whether they may, before a byte of its body is read. Answers the
 * same when it is asked again for the same request. Throws DomainError for everything doubtful.
 */
export abstract class RequestAuthenticator {
  abstract authenticate(request: FastifyRequest, access: Access): Promise<Context>;
}
