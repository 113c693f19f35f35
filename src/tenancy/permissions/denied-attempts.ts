import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { auditLimits } from '../../kernel/audit-limits.js';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { recordFolded } from '../../platform/audit/folds/folded.js';
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
/** Whoever tries thousands of things fills no pool: what is more is not written. */
const AT_ONCE = 4;

/**
 * What was tried in vain, in the audit log of the caller's own tenant. It is written beside the answer,
 * which never waits for it: the first at once, and what is repeated folded, for each caller, permission and
 * route. What is not found is no attempt: nobody is told whether there was something.
 */
@Injectable()
export class DeniedAttempts implements OnModuleDestroy {
  private readonly callers = new WeakMap<FastifyRequest, Context>();
  private readonly sorts = new BoundedMap<string, Sort>(auditLimits.deniedAttempts);
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
    const sort = this.sorts.get(key) ?? { toldAt: -Infinity, untold: 0, facts: factsOf(error) };
    sort.untold += 1;
    this.sorts.set(key, sort);
    if (now - sort.toldAt < AGAIN_MS || this.writing.size >= AT_ONCE) return;
    sort.toldAt = now;
    const times = sort.untold;
    sort.untold = 0;
    const attempt = { route, facts: sort.facts, times };
    const written = this.write(own, attempt).finally(() => this.writing.delete(written));
    this.writing.add(written);
  }

  private async write(own: Context, { route, facts, times }: Attempt): Promise<void> {
    const eventOf = (count: number) => accessDenied(route, { ...facts, count }, 'denied');
    const kind = `${facts.code} ${facts.permission ?? ''} ${route}`;
    try {
      await this.database.transaction(own, (open) => recordFolded(open, eventOf, { kind, times }));
    } catch (cause) {
      this.log.warn({ error: messageOf(cause), route }, 'a denied attempt could not be recorded');
    }
  }
}

type Facts = ReturnType<typeof factsOf>;

interface Sort {
  toldAt: number;
  /** Those that came before a minute was over. */
  untold: number;
  readonly facts: Facts;
}

interface Attempt {
  readonly route: string;
  readonly facts: Facts;
  readonly times: number;
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
