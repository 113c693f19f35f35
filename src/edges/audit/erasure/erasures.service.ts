import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { auditLimits } from '../../../kernel/audit-limits.js';
import { newId } from '../../../kernel/ids.js';
import type { Actor, Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { idempotent } from '../../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { type Account, accountOf } from '../../../tenancy/users/users.store.js';
import type { ErasuresQuery, ErasureView, RequestErasureBody } from './erasures.dto.js';
import * as errors from './erasures.errors.js';
import { erasureConfirmed, erasureRequested, erasureWithdrawn } from './erasures.events.js';
import {
  confirmErasure,
  insertErasure,
  lockErasure,
  lockErasures,
  withdrawErasure,
} from './erasures.store.js';
import {
  erasureRow,
  type ErasureRow,
  erasureRows,
  isKnownPerson,
  openErasures,
} from './erasures.views.js';
import { viewOf } from './erasure-view.js';

const PSEUDONYM_BYTES = 8;

/**
 * Who is erased from a tenant's audit log is decided by two of its people, neither of whom it is. What they
 * decide is in the log itself; the worker does it.
 */
@Injectable()
export class ErasuresService {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: ErasuresQuery): Promise<Page<ErasureView>> {
    return this.database.transaction(ctx, async (open) => {
      const { items, nextCursor } = await newestFirst('audit-erasures', query, (before, take) =>
        erasureRows(open, before, take),
      );
      return { items: items.map(viewOf), nextCursor };
    });
  }

  /** Throws `erasure-not-found`. */
  show(ctx: Context, id: string): Promise<ErasureView> {
    return this.database.transaction(ctx, (open) => shown(open, id));
  }

  /**
   * Throws `erasure-needs-person`, `erasure-of-oneself`, `erasure-person-unknown`,
   * `erasure-person-is-member`, `erasure-reason-names-person`, `erasure-exists`, `erasure-limit`.
   */
  async request(
    ctx: Context,
    body: RequestErasureBody,
    key: string | undefined,
  ): Promise<ErasureView> {
    const by = personOf(ctx.actor);
    if (by === body.personId) throw errors.erasureOfOneself();
    const account = await this.accountOf(body.personId);
    const call = { key, route: 'POST /audit-logs/erasures', body };
    const answer = await idempotent(this.database, ctx, call, async (open) => ({
      status: 201,
      body: await insert(open, { ...body, by, account }),
    }));
    return answer.body;
  }

  /**
   * Once more by the same person answers the same. Throws `erasure-not-found`, `erasure-not-open`,
   * `erasure-needs-person`, `erasure-needs-second-person`, `erasure-of-oneself`,
   * `erasure-person-is-member`.
   */
  async confirm(ctx: Context, id: string): Promise<ErasureView> {
    const by = personOf(ctx.actor);
    const { personId } = await this.show(ctx, id);
    const account = await this.accountOf(personId);
    return this.database.transaction(ctx, async (open) => {
      const row = await found(open, id);
      if (by === row.personId) throw errors.erasureOfOneself();
      if (by === row.requestedBy) throw errors.erasureNeedsSecondPerson();
      const isTheirs = row.confirmedBy === by;
      if (isTheirs && (row.status === 'confirmed' || row.status === 'done')) return viewOf(row);
      if (row.status !== 'requested') throw errors.erasureNotOpen(row.status);
      mustHaveLeft(open, account);
      const fresh = `erased-person-${randomBytes(PSEUDONYM_BYTES).toString('hex')}`;
      const pseudonym = await confirmErasure(open, { id, personId, confirmedBy: by, fresh });
      await open.record(erasureConfirmed(id, { personId, pseudonym: pseudonym ?? fresh }));
      return shown(open, id);
    });
  }

  /** Throws `erasure-not-found`, `erasure-not-open`, `erasure-needs-person`. */
  withdraw(ctx: Context, id: string): Promise<ErasureView> {
    const by = personOf(ctx.actor);
    return this.database.transaction(ctx, async (open) => {
      const { status, personId } = await found(open, id);
      if (status !== 'requested') throw errors.erasureNotOpen(status);
      await withdrawErasure(open, id, by);
      await open.record(erasureWithdrawn(id, { personId }));
      return shown(open, id);
    });
  }

  private accountOf(personId: string): Promise<Account | undefined> {
    return this.database.system((tx) => accountOf(tx, personId));
  }
}

async function insert(
  open: OpenContext,
  asked: RequestErasureBody & { readonly by: string; readonly account: Account | undefined },
): Promise<ErasureView> {
  const { personId, reason, by, account } = asked;
  // First: of whom the log knows nothing, nobody may find out anything here.
  if (!(await isKnownPerson(open, personId))) throw errors.erasurePersonUnknown();
  mustHaveLeft(open, account);
  if (isNamedIn(reason, account)) throw errors.erasureReasonNamesPerson();
  await lockErasures(open);
  const others = await openErasures(open);
  const same = others.find((other) => other.personId === personId);
  if (same) throw errors.erasureExists(same.id);
  if (others.length >= auditLimits.erasuresOpen) throw errors.erasureLimit();
  const id = newId();
  const expiresMs = auditLimits.erasureExpiresMs;
  await insertErasure(open, { id, personId, reason, requestedBy: by, expiresMs });
  await open.record(erasureRequested(id, { personId, reason }));
  return shown(open, id);
}

/** Throws `erasure-needs-person`. */
function personOf({ kind, personId, isActing }: Actor): string {
  if (kind !== 'user' || personId === null || isActing) throw errors.erasureNeedsPerson();
  return personId;
}

/** Throws `erasure-person-is-member`: whoever goes on working here would be named again. */
function mustHaveLeft({ tenantId }: Context, account: Account | undefined): void {
  if (account?.tenants.some(({ id }) => id === tenantId)) throw errors.erasurePersonIsMember();
}

function isNamedIn(reason: string, account: Account | undefined): boolean {
  const text = reason.toLowerCase();
  const names = [account?.username, account?.email].flatMap((name) =>
    name ? [name.toLowerCase()] : [],
  );
  return names.some((name) => isWordIn(text, name));
}

/** Not as a part of another word: short names are in many. */
function isWordIn(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const around = [text[at - 1] ?? ' ', text[at + name.length] ?? ' '];
    if (!around.some((character) => /[\p{L}\p{N}_]/u.test(character))) return true;
  }
  return false;
}

/** Throws `erasure-not-found`. */
async function found(open: OpenContext, id: string): Promise<ErasureRow> {
  await lockErasure(open, id);
  const row = await erasureRow(open, id);
  if (!row) throw errors.erasureNotFound();
  return row;
}

/** Throws `erasure-not-found`. */
async function shown(open: OpenContext, id: string): Promise<ErasureView> {
  const row = await erasureRow(open, id);
  if (!row) throw errors.erasureNotFound();
  return viewOf(row);
}
