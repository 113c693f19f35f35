import { newId } from '../kernel/ids.js';
import type { Permission } from '../kernel/permission.js';
import type { Transaction } from './database/transaction.js';
import type { Event, EventBody } from './events/event.js';
import { permissionMissing } from './http/http.errors.js';

export interface Actor {
  readonly kind: 'user' | 'node' | 'system';
  readonly id: string;
  /** Shown in journals and audits: a username, `node:<name>`, `system:<part>`. */
  readonly name: string;
  /** The person behind it; null for nodes, services and the system itself. */
  readonly personId: string | null;
}

interface ContextFields {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  readonly requestId: string;
}

/**
 * Who asks, in which tenant, with what permissions. The first argument of every service method.
 * Passed explicitly; AsyncLocalStorage carries it for the log only.
 */
export class Context {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  readonly requestId: string;

  constructor(fields: ContextFields) {
    this.tenantId = fields.tenantId;
    this.actor = fields.actor;
    this.permissions = fields.permissions;
    this.requestId = fields.requestId;
  }

  /** Background work of the platform, in one tenant. `part` names it: `engine`, `migrations`. */
  static system(tenantId: string, part: string): Context {
    return new Context({
      tenantId,
      actor: { kind: 'system', id: part, name: `system:${part}`, personId: null },
      permissions: new Set(),
      requestId: newId(),
    });
  }

  can(permission: Permission): boolean {
    return this.permissions.has(permission);
  }

  require(permission: Permission): void {
    if (this.can(permission)) return;
    throw permissionMissing(permission);
  }
}

/**
 * A context with the transaction that `database.transaction` has opened for it. Stores and queries
 * take nothing else, so a statement outside a transaction does not compile. Called `open` wherever it
 * is one, as a context without is `ctx`.
 */
export class OpenContext extends Context {
  constructor(
    private readonly ctx: Context,
    readonly tx: Transaction,
    private readonly recorder: Recorder,
  ) {
    super(ctx);
  }

  /**
   * Records what happens, in this transaction, with all that belongs to it: the audit entry, what
   * others do about it, its delivery, the hints after the commit.
   */
  record<Body extends EventBody>(event: Event<Body>): Promise<void> {
    return this.recorder.record(this, event as unknown as Event);
  }

  /** The same transaction in somebody else's name: of the same tenant only. */
  as(ctx: Context): OpenContext {
    if (ctx.tenantId !== this.tenantId) throw new Error('a transaction is of one tenant');
    return new OpenContext(ctx, this.tx, this.recorder);
  }

  /** Without the transaction: for what comes after it. */
  closed(): Context {
    return this.ctx;
  }
}

/** What `record` does: `platform/events`. */
export interface Recorder {
  record(open: OpenContext, event: Event): Promise<void>;
}
