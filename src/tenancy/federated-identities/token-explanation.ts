import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context } from '../../platform/context.js';
import type { TokenExplanation } from './federated-identities.dto.js';
import { FederatedIdentitiesService } from './federated-identities.service.js';
import { IssuerKeys } from './issuer-keys.js';
import { issuerKinds } from './issuer-kinds.js';
import { explainRule, toldClaims } from './match-rules.js';
import {
  type Check,
  checkAudience,
  checkSubject,
  checkTimes,
  checkTokenId,
  readSubjectToken,
  type SubjectToken,
} from './subject-token.js';

/** Says what an exchange would make of a token, check by check, without one. */
@Injectable()
export class TokenExplanations {
  constructor(
    private readonly identities: FederatedIdentitiesService,
    private readonly keys: IssuerKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `federated-identity-not-found`, `subject-token-malformed`. */
  async explain(ctx: Context, id: string, text: string): Promise<TokenExplanation> {
    const { issuerKind, issuer, audience, rules, disabledAt } = await this.identities.entity(
      ctx,
      id,
    );
    const token = readSubjectToken(text);
    const { mostSeconds } = issuerKinds[issuerKind];
    const isTheirs = token.claims.iss === issuer;
    const checks: Check[] = [
      {
        check: 'issuer',
        isPassed: isTheirs,
        detail: isTheirs ? `It is from ${issuer}.` : `It names another issuer than ${issuer}.`,
      },
      // Nobody asks an issuer that the tenant does not trust.
      isTheirs ? await this.signature(token, ctx.tenantId) : unchecked,
      checkAudience(token, audience),
      checkTimes(token, this.clock.now() / 1000, mostSeconds),
      checkTokenId(token),
      checkSubject(token),
      {
        check: 'disabled',
        isPassed: disabledAt === null,
        detail: disabledAt === null ? 'The identity is enabled.' : 'The identity is disabled.',
      },
    ];
    const explained = rules.map((rule) => explainRule(issuerKind, rule, token.claims));
    const isGenuine = checks.every(({ isPassed }) => isPassed);
    return {
      isAccepted: isGenuine && explained.some(({ isMet }) => isMet),
      checks,
      rules: explained as TokenExplanation['rules'],
      claims: toldClaims(issuerKind, rules, token.claims),
    };
  }

  private async signature(token: SubjectToken, account: string): Promise<Check> {
    try {
      return await this.keys.checkSignature(token, account);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { check: 'signature', isPassed: false, detail: error.message };
    }
  }
}

const unchecked: Check = {
  check: 'signature',
  isPassed: false,
  detail: 'It was not looked at, since the token is of another issuer.',
};
