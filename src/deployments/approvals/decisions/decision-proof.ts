import type { OpenContext } from '../../../platform/context.js';
import type { ApprovalRequest } from '../requests/request.js';
import type { ApprovalRule } from '../rule.js';

/** What proves a decision beyond the session: stored with it, so that it can be verified later. */
export type Evidence = Readonly<Record<string, unknown>>;

export interface ProofAsked {
  readonly request: ApprovalRequest;
  /**
   * Those that want one and that the person may decide for: one proof is for all of them. Of a rejection
   * none wants one.
   */
  readonly rules: readonly ApprovalRule[];
  readonly verb: 'approve' | 'reject';
  /** As the client has sent it; undefined: it has not. */
  readonly assertion: unknown;
}

/** Asked when a rule wants a proof, or a client has sent one. In the transaction of the decision. */
export abstract class DecisionProofs {
  /** Null: nothing was to be proved. Throws what says how to prove it. */
  abstract check(open: OpenContext, asked: ProofAsked): Promise<Evidence | null>;
}
