import type { OpenContext } from '../../../platform/context.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { EnrollmentGrant } from './enrollment-token.js';

export interface StoredGrant {
  readonly data: EnrollmentGrant;
  readonly isUsed: boolean;
  readonly isRevoked: boolean;
  readonly isExpired: boolean;
}

/** Where the grants behind enrolment tokens are kept: provided by who keeps credentials, above. */
export abstract class EnrollmentGrants {
  /** The tenant is not known before the token is: the system's role may look. */
  abstract tenantOf(tx: SystemTransaction, hash: string): Promise<string | undefined>;
  /** Locks it: of two nodes with one token, one joins. */
  abstract lock(open: OpenContext, hash: string): Promise<StoredGrant | undefined>;
  /** By a node that has joined; the caller has locked it. */
  abstract use(open: OpenContext, hash: string, nodeId: string): Promise<void>;
}
