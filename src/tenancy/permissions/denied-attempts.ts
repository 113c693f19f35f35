import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { accessDenied } from './denied.events.js';

/** Not `step-up-required`: whoever hears that is asked for a code and goes on. */
const TOLD = new Set([
  'permission-missing',
  'tenant-mismatch',
  'network-not-allowed',
  'people-only',
  'own-sign-in-needed',
  'provider-sign-in-needed',
  'role-beyond-own',
  'platform-role',
  'directory-last-admin',
]);
const AGAIN_MS = 60_000;
const REMEMBERED = 10_000;
/** Whoever tries thousands of things fills no pool: what is more is not written. */
const AT_ONCE = 4;

/**
 * What was tried in vain, in the audit log of the caller's own tenant. It is written beside the answer,
 * which never waits for it, and once a minute for each caller, permission and route. What is not found
 * is no attempt: nobody is told whether there was something.
 */
@Injectable()
export class DeniedAttempts implements OnModuleDestroy {
  private readonly callers = new WeakMap<FastifyRequest, Context>();
  private readonly toldAt = new BoundedMap<string, number>(REMEMBERED);
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleDestroy(): Promise<void> {
    return this.settled();
  }

  /** Until what is being written is there. */
  async settled(): Promise<void> {
    await Promise.all(this.writing);
  }

  /** Who sends it, in their own tenant, whatever tenant they ask for. */
  isSentBy(request: FastifyRequest, own: Context): void {
    this.callers.set(request, own);
  }

  /** Does nothing with other errors than those that deny. */
  note(request: FastifyRequest, error: unknown): void {
    const own = this.callers.get(request);
    if (!own || !(error instanceof DomainError) || !TOLD.has(error.code)) return;
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    const key = [
      own.tenantId,
      own.actor.kind,
      own.actor.id,
      error.code,
      factsOf(error).permission,
      route,
    ].join(' ');
    const now = this.clock.monotonic();
    if (now - (this.toldAt.get(key) ?? -Infinity) < AGAIN_MS || this.writing.size >= AT_ONCE)
      return;
    this.toldAt.set(key, now);
    const written = this.write(own, route, error).finally(() => this.writing.delete(written));
    this.writing.add(written);
  }

  private async write(own: Context, route: string, error: DomainError): Promise<void> {
    try {
      await this.database.transaction(own, (open) =>
        open.record(accessDenied(route, factsOf(error), 'denied')),
      );
    } catch (cause) {
      this.log.warn({ error: messageOf(cause), route }, 'a denied attempt could not be recorded');
    }
  }
}

function factsOf({ code, details = {} }: DomainError) {
  const named = (name: string) => (typeof details[name] === 'string' ? details[name] : null);
  const [permission, module, environment] = ['permission', 'module', 'environment'].map(named);
  return {
    code,
    permission: permission ?? null,
    module: module ?? null,
    environment: environment ?? null,
  };
}
