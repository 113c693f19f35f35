import type { KeyObject } from 'node:crypto';

/** The token under which Nest hands out the StatementKeys; made from platform/config. */
export const STATEMENT_KEYS = Symbol('tidegate:statement-keys');

/** The Ed25519 keys of desired statements. During a rotation agents know the next one, too. */
export interface StatementKeys {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** What an agent learns at enrolment; the first is the one that signs. At most four. */
  readonly published: readonly { readonly kid: string; readonly publicKey: string }[];
}
