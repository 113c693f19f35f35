import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { Context } from '../../platform/context.js';
import type { Access } from '../../platform/http/access-rule.js';
import { AgentAuthenticator } from '../../platform/http/agent-authenticator.js';
import { clientAddressOf } from '../../platform/http/client-address.js';
import { DomainError } from '../../kernel/errors.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import { carriesSession, checkPage, sessionCookieOf } from '../../platform/http/session-cookie.js';
import { RequestAuthenticator } from '../../platform/http/request-authenticator.js';
import { Authenticator, contextOf, type SignedIn } from '../auth/authenticator.js';
import { Entrance } from '../security/entrance.js';
import { DirectoryAuthenticator } from '../scim/tokens/directory-authenticator.js';
import { accessUndeclared, tenantMismatch } from '../tenancy.errors.js';
import { TenantWrites } from '../tenants/tenant-writes.js';
import { Acting } from './acting.js';
import { type Caller, MachineBearers } from './bearers.js';
import { DeniedAttempts } from './denied-attempts.js';
import { namedTenant } from './named-tenant.js';
import { Proofs } from './proofs.js';
import { RefusedTokens } from './refused-tokens.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in, in their own tenant; set beside `context`. */
    signedIn?: SignedIn;
    /** Of a machine, instead. */
    machine?: Caller;
    /** It has been told of. */
    isTokenRefused?: true;
  }
}

interface Found {
  readonly access: Access;
  readonly ctx: Promise<Context>;
}

const PEOPLE_AND_MACHINES: readonly Access['kind'][] = ['authenticated', 'permission', 'person'];

/**
 * Who sends a request. Asked twice: before its body is read, and by the guard, which trusts nobody
 * to have asked before; found out once.
 */
@Injectable()
export class Callers extends RequestAuthenticator {
  private readonly known = new WeakMap<FastifyRequest, Found>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly bearers: MachineBearers,
    private readonly acting: Acting,
    private readonly proofs: Proofs,
    private readonly entrance: Entrance,
    private readonly writes: TenantWrites,
    private readonly directories: DirectoryAuthenticator,
    private readonly denied: DeniedAttempts,
    private readonly refused: RefusedTokens,
    private readonly config: Config,
    private readonly modules: ModuleRef,
  ) {
    super();
  }

  async authenticate(request: FastifyRequest, access: Access): Promise<Context> {
    let found = this.known.get(request);
    // Whoever was let in by one rule has not been by another.
    if (found?.access !== access) {
      found = { access, ctx: this.find(request, access) };
      this.known.set(request, found);
    }
    try {
      const ctx = await found.ctx;
      if (access.kind === 'permission') ctx.require(access.permission);
      return ctx;
    } catch (error) {
      this.denied.note(request, error);
      if (isRefusedToken(request, error)) this.refused.note(clientAddressOf(request));
      throw error;
    }
  }

  private async find(request: FastifyRequest, access: Access): Promise<Context> {
    if (access.kind === 'agent') {
      request.context = await this.agent(request);
    } else if (access.kind === 'directory') {
      const ctx = await this.directory(request);
      await this.writes.check(request, access, ctx);
      request.context = ctx;
    } else if (PEOPLE_AND_MACHINES.includes(access.kind)) {
      const caller = await this.caller(request);
      this.denied.isSentBy(request, caller.ctx);
      if (caller.requestsPerMinute) request.ratePerMinute = caller.requestsPerMinute;
      await this.entrance.checkNetwork(caller.ctx.tenantId, clientAddressOf(request));
      await this.proofs.check(access, caller.signedIn);
      if (caller.signedIn) request.signedIn = caller.signedIn;
      else request.machine = caller;
      const ctx = await this.inTenant(request, caller);
      await this.writes.check(request, access, ctx);
      request.context = ctx;
    } else {
      throw accessUndeclared();
    }
    return request.context;
  }

  private async caller(request: FastifyRequest): Promise<Caller> {
    if (request.headers.authorization === undefined && carriesSession(request.headers)) {
      return this.browser(request);
    }
    const token = bearerOf(request);
    const machine = this.bearers.of(token);
    if (machine) {
      const address = clientAddressOf(request);
      return machine.authenticate(token, { requestId: request.id, address });
    }
    const signedIn = await this.authenticator.signedIn(token);
    return { ctx: contextOf(signedIn, request.id), tenantSlug: signedIn.tenantSlug, signedIn };
  }

  /** A cookie comes along whoever has made the browser send it: first of all, whether we have. */
  private async browser(request: FastifyRequest): Promise<Caller> {
    checkPage(request, this.config);
    const cookie = sessionCookieOf(request.headers, this.config);
    if (cookie === undefined) throw unauthenticated();
    const signedIn = await this.authenticator.signedInByCookie(cookie);
    return { ctx: contextOf(signedIn, request.id), tenantSlug: signedIn.tenantSlug, signedIn };
  }

  /** Whose tenant it is about: their own, unless a platform admin names another. */
  private async inTenant(request: FastifyRequest, caller: Caller): Promise<Context> {
    const tenantSlug = this.named(request);
    if (tenantSlug === undefined || tenantSlug === caller.tenantSlug) return caller.ctx;
    if (!caller.signedIn) throw tenantMismatch();
    return this.acting.contextFor(caller.signedIn, {
      tenantSlug,
      reason: headerOf(request, 'x-act-as-reason'),
      method: request.method,
      // Without the query: it may hold what has no business in an audit log.
      path: request.url.split('?')[0]!.slice(0, 500),
      requestId: request.id,
    });
  }

  /** Its token is known here alone: to every other route it is a text that nobody has signed. */
  private async directory(request: FastifyRequest): Promise<Context> {
    const address = clientAddressOf(request);
    const asked = { requestId: request.id, address };
    const { ctx, tenantSlug } = await this.directories.authenticate(bearerOf(request), asked);
    this.denied.isSentBy(request, ctx);
    const named = this.named(request);
    if (named !== undefined && named !== tenantSlug) throw tenantMismatch();
    return ctx;
  }

  private named(request: FastifyRequest): string | undefined {
    const said = headerOf(request, 'x-tenant');
    return namedTenant({ said, host: request.hostname }, this.config.publicUrl);
  }

  private async agent(request: FastifyRequest): Promise<Context> {
    // Looked up late: the driver that provides it may be loaded after this module, or not at all.
    const agents = this.modules.get(AgentAuthenticator, { strict: false });
    const ctx = await agents.authenticate(request);
    if (ctx.actor.kind !== 'node') throw unauthenticated();
    return ctx;
  }
}

/** Once for each request: it is asked for twice. */
function isRefusedToken(request: FastifyRequest, error: unknown): boolean {
  if (!(error instanceof DomainError) || error.kind !== 'unauthenticated') return false;
  const { headers } = request;
  const isShown = headers.authorization !== undefined || carriesSession(headers);
  if (!isShown || request.isTokenRefused) return false;
  request.isTokenRefused = true;
  return true;
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
