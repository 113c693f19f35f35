import { DomainError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import type { Permission } from '../kernel/permission.js';
import type { Transaction } from './database/transaction.js';

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
  readonly tx?: Transaction;
}

/**
 * Who asks, in which tenant, with what permissions, in which transaction. The first argument of
 * every service method. Passed explicitly; AsyncLocalStorage carries it for the log only.
 */
export class Context {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  readonly requestId: string;
  private readonly transaction: Transaction | undefined;

  constructor(fields: ContextFields) {
    this.tenantId = fields.tenantId;
    this.actor = fields.actor;
    this.permissions = fields.permissions;
    this.requestId = fields.requestId;
    this.transaction = fields.tx;
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

  get inTransaction(): boolean {
    return this.transaction !== undefined;
  }

  /** The open transaction. Every query runs in one: db.transaction(ctx, …) opens it. */
  get tx(): Transaction {
    if (!this.transaction)
      throw new Error('no open transaction: wrap the work in db.transaction()');
    return this.transaction;
  }

  with(tx: Transaction): Context {
    return new Context({ ...this.fields(), tx });
  }

  can(permission: Permission): boolean {
    return this.permissions.has(permission);
  }

  require(permission: Permission): void {
    if (this.can(permission)) return;
    throw new DomainError(
      'forbidden',
      'permission-missing',
      `You need the permission "${permission}". Ask an Admin of the tenant for a role that has it.`,
      { details: { permission } },
    );
  }

  private fields(): ContextFields {
    const { tenantId, actor, permissions, requestId } = this;
    return { tenantId, actor, permissions, requestId };
  }
}
