import type { FactorKind } from './factors.store.js';

/** What somebody can show once more that it is they. */
export type ProofMethod = FactorKind | 'password';

export interface WhatTheyHave {
  readonly factors: readonly FactorKind[];
  readonly hasPassword: boolean;
}

/**
 * The factors of who has one: a password beside them would be the weaker door. Nothing at all: they
 * sign in elsewhere, and do so again.
 */
export function proofMethodsOf({ factors, hasPassword }: WhatTheyHave): readonly ProofMethod[] {
  if (factors.length > 0) return factors;
  return hasPassword ? ['password'] : [];
}
