import type { SignInFacts } from '../auth/refresh-token.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import type { FactorKind } from './factors.store.js';

/** What somebody can show once more that it is they. */
export type ProofMethod = FactorKind | 'password';

export interface WhatTheyHave {
  readonly factors: readonly FactorKind[];
  readonly hasPassword: boolean;
  /** Of the session that is to be proved. */
  readonly signIn: SignInFacts | null;
}

/**
 * The factors of who has one: a password beside them would be the weaker door. Nothing at all: they
 * sign in elsewhere, and do so again. A session that a tenant's provider vouches for is no place to try
 * passwords of the account.
 */
export function proofMethodsOf({
  factors,
  hasPassword,
  signIn,
}: WhatTheyHave): readonly ProofMethod[] {
  if (factors.length > 0) return factors;
  return hasPassword && !(signIn && isVouchedByTenant(signIn)) ? ['password'] : [];
}
