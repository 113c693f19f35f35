import type { OpenContext } from '../../../platform/context.js';

/** Knows the gates outside that a policy may name. */
export abstract class ExternalGates {
  /** Throws `external-gate-unknown` for one that nobody could ask now. */
  abstract check(open: OpenContext, gateId: string): Promise<void>;
}
