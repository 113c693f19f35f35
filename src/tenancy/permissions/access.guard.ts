import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../kernel/errors.js';
import { Context } from '../../platform/context.js';
import { ACCESS_METADATA, type Access } from '../../platform/http/access.js';
import { AgentAuthenticator } from '../../platform/http/agent-authenticator.js';
import { unauthenticated } from '../auth/authentication.failures.js';
import { Authenticator, contextOf, type SignedIn } from '../auth/authenticator.js';
import { Acting } from './acting.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in, in their own tenant; set by the guard beside `context`. */
    signedIn?: SignedIn;
  }
}

/**
 * Stands before every handler. It lets through only what an access decorator allows: no decorator,
 * an unknown one, or anything that throws, and the caller is refused.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly acting: Acting,
    private readonly modules: ModuleRef,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const access = Reflect.getMetadata(ACCESS_METADATA, execution.getHandler()) as
      Access | undefined;
    if (!access) throw undeclared();
    if (access.kind === 'public') return true;
    const context = await this.caller(access, execution);
    if (access.kind === 'permission') context.require(access.permission);
    return true;
  }

  private async caller(access: Access, execution: ExecutionContext): Promise<Context> {
    if (execution.getType() === 'ws') return callerOfSocket(access, execution);
    if (execution.getType() !== 'http') throw undeclared();
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    switch (access.kind) {
      case 'agent':
        request.context = await this.agent(request);
        return request.context;
      case 'authenticated':
      case 'permission':
        request.context = await this.person(request);
        return request.context;
      default:
        throw undeclared();
    }
  }

  private async person(request: FastifyRequest): Promise<Context> {
    const signedIn = await this.authenticator.signedIn(bearerOf(request));
    request.signedIn = signedIn;
    const tenantSlug = headerOf(request, 'x-tenant');
    if (tenantSlug === undefined || tenantSlug === signedIn.tenantSlug) {
      return contextOf(signedIn, request.id);
    }
    return this.acting.contextFor(signedIn, {
      tenantSlug,
      reason: headerOf(request, 'x-act-as-reason'),
      method: request.method,
      // Without the query: it may hold what has no business in an audit log.
      path: request.url.split('?')[0]!.slice(0, 500),
      requestId: request.id,
    });
  }

  private async agent(request: FastifyRequest): Promise<Context> {
    // Looked up late: the driver that provides it may be loaded after this module, or not at all.
    const agents = this.modules.get(AgentAuthenticator, { strict: false });
    const context = await agents.authenticate(request);
    if (context.actor.kind !== 'node') throw unauthenticated();
    return context;
  }
}

/** The gateway authenticates at the handshake and keeps the Context in `socket.data.context`. */
function callerOfSocket(access: Access, execution: ExecutionContext): Context {
  const socket = execution.switchToWs().getClient<{ data?: { context?: unknown } }>();
  const context = socket.data?.context;
  if (!(context instanceof Context) || context.actor.kind !== 'user') throw unauthenticated();
  if (access.kind !== 'authenticated' && access.kind !== 'permission') throw undeclared();
  return context;
}

function bearerOf(request: FastifyRequest): string {
  const match = /^Bearer +([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '');
  if (!match) throw unauthenticated();
  return match[1]!;
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function undeclared(): DomainError {
  return new DomainError(
    'forbidden',
    'access-undeclared',
    'This operation does not say who may call it, so nobody may. Report it to the operator.',
  );
}
