import type { z } from 'zod';
import type { AnswerOf } from '../../platform/http/answer.js';
import type * as dto from './identity-providers.dto.js';

export type IdentityProviderRules = Readonly<z.output<typeof dto.identityProviderRules>>;
export type IdentityProviderView = AnswerOf<typeof dto.identityProviderOut>;
export type FactorStatement = z.output<typeof dto.factorStatement>;
export type ClaimCondition = z.output<typeof dto.claimCondition>;
export type ClaimRule = z.output<typeof dto.claimRule>;
export type Admission = z.output<typeof dto.admission>;
export type ProviderTest = z.output<typeof dto.providerTestOut>;

/** A provider as signing in needs it, found before the tenant is known. */
export interface SignInProvider extends IdentityProviderRules {
  readonly tenantId: string;
  readonly tenantSlug: string;
  readonly id: string;
  readonly sealedSecret: string | null;
  readonly version: number;
}

/** For which the secret is sealed: of another provider, or at another issuer, it opens nothing. */
export function secretContext(id: string): string {
  return `identity-provider:${id}`;
}
