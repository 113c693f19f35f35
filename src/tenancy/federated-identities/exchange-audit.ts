import { Inject, Injectable } from '@nestjs/common';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { Grants } from '../../kernel/grants.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { workloadTokenRefused } from './federated-identities.events.js';
import type { ClaimValue } from './federated-identity.js';

/** Anybody on earth can send tokens: one entry for each reason, and the count of the others with the next. */
const EVERY_MS = 60_000;
const KEPT = 5_000;

export interface Refusal {
  readonly tenantId: string;
  readonly issuer: string;
  readonly reason: string;
  readonly address: string;
  readonly requestId: string;
  readonly clauses?: readonly string[];
  readonly claims?: Readonly<Record<string, ClaimValue>>;
}

interface Told {
  readonly at: number;
  untold: number;
}

/** Refused exchanges in the audit trail of the tenant that trusts the issuer. */
@Injectable()
export class ExchangeAudit {
  private readonly told = new BoundedMap<string, Told>(KEPT);

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async refused(refusal: Refusal): Promise<void> {
    const { tenantId, issuer, reason, address, requestId, clauses = [], claims = {} } = refusal;
    const key = `${tenantId}/${reason}`;
    const now = this.clock.monotonic();
    const last = this.told.get(key);
    if (last && now - last.at < EVERY_MS) {
      last.untold += 1;
      return;
    }
    this.told.set(key, { at: now, untold: 0 });
    const nobody = { kind: 'system', id: 'exchange', name: 'anonymous', personId: null } as const;
    const ctx = new Context({ tenantId, actor: nobody, grants: Grants.none, requestId });
    const body = { reason, address, clauses, claims, untold: last?.untold ?? 0 };
    await this.db.transaction(ctx, (open) =>
      open.record(workloadTokenRefused(issuer, body, 'denied')),
    );
  }
}
