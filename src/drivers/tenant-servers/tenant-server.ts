import { TerminalError } from '../../kernel/errors.js';

/**
 * A server on which tenants have something of their own for their own applications. Never the platform's:
 * whoever has a role there may list roles, take locks and send notifications to everybody.
 */
export interface TenantServer {
  readonly kind: TenantServerKind;
  /** In the order in which they are made; they are taken away from the last to the first. */
  readonly steps: readonly TenantServerStep[];
  /** Where the tenant's applications find it. */
  readonly place: { readonly host: string; readonly port: number; readonly database: string };
  /** What the server keeps of a password: it lets nobody in. */
  verifierOf(password: string): string;
  usernameOf(slug: string): string;
  namespaceOf(slug: string): string;
  /** Of the user that there is. Connections that are open stay. */
  setPassword(owner: TenantOwner, verifier: string): Promise<void>;
}

export type TenantServerKind = 'postgres' | 'redis';

export interface TenantOwner {
  readonly tenantId: string;
  readonly slug: string;
}

/** A name there is somebody else's: what bears it is left as it is. */
export class TakenThere extends TerminalError {}

/** Of what is somebody else's there is nothing to take away. */
export async function unlessTaken(undo: () => Promise<boolean>): Promise<boolean> {
  try {
    return await undo();
  } catch (error) {
    if (error instanceof TakenThere) return true;
    throw error;
  }
}

/** Both may be repeated at any time, also after half of the work. Throw TerminalError for "never". */
export interface TenantServerStep {
  /** `postgres-role`. */
  readonly kind: string;
  readonly title: string;
  run(owner: TenantOwner, verifier: string): Promise<void>;
  /** False: there is more; call it again. */
  undo(owner: TenantOwner): Promise<boolean>;
}
