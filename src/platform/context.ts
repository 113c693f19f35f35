import { newId } from '../kernel/ids.js';
import { type GrantTarget, Grants, type Scope } from '../kernel/grants.js';
import type { Permission } from '../kernel/permission.js';
import type { Transaction } from './database/transaction.js';
import type { Event, EventBody } from './events/event.js';
import { permissionMissing } from './http/http.errors.js';

export interface Actor {
  readonly kind: ActorKind;
  readonly id: string;
  /**
   * Shown in journals and audits: a username, `key:<name>`, `ci:<name>`, `directory:<name>`,
   * `node:<name>`, `system:<part>`.
   */
  readonly name: string;
  /** The person behind it: of a key, its maker. Null for machines and the system itself. */
  readonly personId: string | null;
  /** Of a workload: the token that it has shown. */
  readonly tokenId?: string;
  /** A platform admin in somebody else's tenant, who decides nothing there. */
  readonly isActing?: true;
}

/** `workload`: a pipeline that has shown a token of its own CI; `directory`: what speaks SCIM. */
export type ActorKind = 'user' | 'access-key' | 'workload' | 'directory' | 'node' | 'system';

interface ContextFields {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly grants: Grants;
  readonly requestId: string;
}

/**
 * Who asks, in which tenant, with what permissions. The first argument of every service method.
 * Passed explicitly; AsyncLocalStorage carries it for the log only.
 */
export class Context {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly grants: Grants;
  readonly requestId: string;

  constructor(fields: ContextFields) {
    this.tenantId = fields.tenantId;
    this.actor = fields.actor;
    this.grants = fields.grants;
    this.requestId = fields.requestId;
  }

  /**
   * Background work of the platform, in one tenant, or what it does for a request of nobody whom it knows.
   * `part` names it: `engine`, `migrations`.
   */
  static system(tenantId: string, part: string, requestId: string = newId()): Context {
    return new Context({
      tenantId,
      actor: { kind: 'system', id: part, name: `system:${part}`, personId: null },
      grants: Grants.none,
      requestId,
    });
  }

  /** Without a target: whether it is held at all, for some module in some environment. */
  can(permission: Permission, target: GrantTarget = {}): boolean {
    return this.grants.find(permission, target) !== undefined;
  }

  /** Throws `permission-missing`. */
  require(permission: Permission, target: GrantTarget = {}): void {
    if (!this.can(permission, target)) throw permissionMissing(permission, target);
  }

  /** What a list must be cut down to; null: nothing is to be left out. */
  scopesOf(permission: Permission): readonly Scope[] | null {
    return this.grants.scopesOf(permission);
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
