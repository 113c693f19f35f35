import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { permissionsOfRole, type Permission, type Role } from '../../kernel/permission.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

/** What a person is in a tenant, now. */
export interface Standing {
  readonly username: string;
  readonly isDisabled: boolean;
  readonly tenantSlug: string;
  readonly tenantStatus: 'active' | 'suspended' | 'deleted';
  readonly roles: readonly Role[];
  /** False after a logout, a reuse of a refresh token, or the session's end. */
  readonly isSessionOpen: boolean;
}

export interface StandingOf {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string | null;
}

/** Changes must take effect within 5 s; the rest is for the query and for a slow event loop. */
const KEEP_MS = 4_000;
/** More signed-in people than this per process: the oldest are simply asked again. */
const KEPT = 10_000;

/**
 * Answers who may do what from the database, not from the token. An answer is kept for four
 * seconds, counted from before the question, so that a role taken away is gone within five.
 */
@Injectable()
export class Standings {
  private readonly kept = new Map<string, { askedAt: number; answer: Promise<Standing | null> }>();

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null: no such person or tenant. May be up to four seconds old. */
  async of(who: StandingOf): Promise<Standing | null> {
    const key = keyOf(who);
    const now = this.clock.monotonic();
    const known = this.kept.get(key);
    if (known && now - known.askedAt < KEEP_MS) return known.answer;
    this.kept.delete(key);
    const oldest = this.kept.keys().next();
    if (this.kept.size >= KEPT && !oldest.done) this.kept.delete(oldest.value);
    const entry = { askedAt: now, answer: this.ask(who) };
    this.kept.set(key, entry);
    try {
      return await entry.answer;
    } catch (error) {
      // A question that failed is not an answer; the next request asks again.
      if (this.kept.get(key) === entry) this.kept.delete(key);
      throw error;
    }
  }

  /** Ends what this process remembers of a session at once. */
  forget(who: StandingOf): void {
    this.kept.delete(keyOf(who));
  }

  /** Always asks. */
  async ask({ userId, tenantId, sessionId }: StandingOf): Promise<Standing | null> {
    const [standing] = await this.db.system((tx) =>
      tx.query<Standing>(
        `select u.username, u.disabled_at is not null as "isDisabled",
           t.slug as "tenantSlug", t.status as "tenantStatus",
           to_jsonb(array(select m.role from memberships m where m.user_id = u.id
             and (case when m.role = 'PlatformAdmin' then m.tenant_id = $3
                  else m.tenant_id = t.id end) order by m.role)) as roles,
           exists (select 1 from credentials c where c.hash = $4 and c.kind = 'refresh'
             and c.tenant_id = t.id and c.subject_id = u.id and c.revoked_at is null
             and c.expires_at > $5) as "isSessionOpen"
         from users u, tenants t where u.id = $1 and t.id = $2`,
        [userId, tenantId, PLATFORM_TENANT.id, sessionId, new Date(this.clock.now())],
      ),
    );
    return standing ?? null;
  }
}

export function permissionsOf(roles: readonly Role[]): Set<Permission> {
  return new Set(roles.flatMap((role) => permissionsOfRole[role]));
}

function keyOf({ userId, tenantId, sessionId }: StandingOf): string {
  return `${userId}/${tenantId}/${sessionId}`;
}
