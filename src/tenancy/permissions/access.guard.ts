import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type ActorKind, Context } from '../../platform/context.js';
import { ACCESS_METADATA } from '../../platform/http/access.js';
import type { Access } from '../../platform/http/access-rule.js';
import { peopleOnly, unauthenticated } from '../../platform/http/http.errors.js';
import { accessUndeclared } from '../tenancy.errors.js';
import { Callers } from './callers.js';

/**
 * Stands before every handler. It lets through only what an access decorator allows: no decorator,
 * an unknown one, or anything that throws, and the caller is refused.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly callers: Callers) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const access = Reflect.getMetadata(ACCESS_METADATA, execution.getHandler()) as
      Access | undefined;
    if (!access) throw accessUndeclared();
    if (access.kind === 'public') return true;
    switch (execution.getType<string>()) {
      case 'http':
        await this.callers.authenticate(
          execution.switchToHttp().getRequest<FastifyRequest>(),
          access,
        );
        return true;
      case 'ws':
        checkSocket(access, execution);
        return true;
      default:
        throw accessUndeclared();
    }
  }
}

const OF_SOCKETS: readonly ActorKind[] = ['user', 'access-key', 'workload'];

/** The gateway authenticates at the handshake and keeps the Context in `socket.data.context`. */
function checkSocket(access: Access, execution: ExecutionContext): void {
  const socket = execution.switchToWs().getClient<{ data?: { context?: unknown } }>();
  const ctx = socket.data?.context;
  if (!(ctx instanceof Context) || !OF_SOCKETS.includes(ctx.actor.kind)) throw unauthenticated();
  if (access.kind === 'permission') return ctx.require(access.permission);
  if (access.kind === 'person' && ctx.actor.kind !== 'user') throw peopleOnly();
  if (access.kind !== 'authenticated' && access.kind !== 'person') throw accessUndeclared();
}
