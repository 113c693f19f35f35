import type { z } from 'zod';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { clause, federatedIdentityOut, rule } from './federated-identities.dto.js';

export type Clause = Readonly<z.output<typeof clause>>;
export type ClaimValue = Clause['oneOf'][number];
export type Rule = Readonly<z.output<typeof rule>>;
export type FederatedIdentityView = AnswerOf<typeof federatedIdentityOut>;

/** What a token's payload says, whatever that is. */
export type Claims = Readonly<Record<string, unknown>>;
