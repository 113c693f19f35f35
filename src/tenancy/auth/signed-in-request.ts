import type { FastifyRequest } from 'fastify';
import { clientAddressOf } from '../../platform/http/client-address.js';
import type { RequestOrigin } from './authentication-audit.js';
import type { SignedIn } from './authenticator.js';

/** Enough to tell a browser from a script. */
const CLIENT_CHARACTERS = 200;

export function originOf(request: FastifyRequest): RequestOrigin {
  const client = request.headers['user-agent']?.slice(0, CLIENT_CHARACTERS) ?? null;
  return { address: clientAddressOf(request), requestId: request.id, client };
}

/** Who has a session; on routes for people there is one. */
export function signedInOf(request: FastifyRequest): SignedIn {
  if (!request.signedIn) throw new Error('nobody is signed in: the guard did not run');
  return request.signedIn;
}
