import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { isGone } from '../tenants/tenant.js';
import { subjectTokenRefused } from './federated-identities.errors.js';
import { recordIssued } from './issued-tokens.js';
import { touchFederatedIdentity, useTokenOnce } from './federated-identities.store.js';
import { type IssuerKindName, issuerKinds } from './issuer-kinds.js';
import { ACCESS_TOKEN_TYPE, type ExchangedToken } from './token-exchange.dto.js';
import { grantsNow } from './workload-bearer.js';
import { WorkloadStandings } from './workload-standings.js';
import { type IssuedToken, WorkloadTokens } from './workload-tokens.js';

export interface Origin {
  readonly address: string;
  readonly requestId: string;
}

/**
 * The next token for the present one, where a runner has given one token for the whole job (GitLab): never
 * beyond that token’s life, and each once, so that a stolen one and its owner get into each other’s way.
 */
@Injectable()
export class Renewals {
  constructor(
    private readonly db: Database,
    private readonly tokens: WorkloadTokens,
    private readonly standings: WorkloadStandings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `subject-token-refused`. */
  async renew(text: string, { address, requestId }: Origin): Promise<ExchangedToken> {
    const claims = await this.tokens.check(text);
    if (!claims) {
      throw subjectTokenRefused(
        'over',
        'It is not an access token of a pipeline, or it has expired.',
      );
    }
    const { sub: id, tid: tenantId, name, rule, job } = claims;
    const standing = await this.standings.ask({ tenantId, id });
    if (!standing || standing.isDisabled || isGone(standing.tenantStatus)) {
      throw subjectTokenRefused('disabled', 'Its federated identity is disabled or deleted.');
    }
    if (standing.rulesVersion !== claims.rulesVersion) {
      throw subjectTokenRefused('over', 'The rules that it has met have been replaced since.');
    }
    const kind = standing.issuerKind as IssuerKindName;
    if (!issuerKinds[kind].isRenewable) {
      throw subjectTokenRefused('over', 'Ask the runner for a new token of its own instead.');
    }
    const tokenId = this.tokens.newTokenId();
    const issued = await this.tokens.issue(claims, tokenId);
    if (!issued) throw subjectTokenRefused('over', 'The token that the runner gave has expired.');
    const ctx = new Context({
      tenantId,
      actor: { kind: 'workload', id, name: `ci:${name}`, personId: null },
      grants: grantsNow(claims, standing),
      requestId,
    });
    await this.db.transaction(ctx, async (open) => {
      const now = new Date(this.clock.now());
      const hash = createHash('sha256').update(`renewed ${claims.jti}`).digest('hex');
      const expiresAt = new Date((claims.exp + 120) * 1000);
      if (!(await useTokenOnce(open, hash, { now, expiresAt }))) {
        throw subjectTokenRefused('used', 'It was renewed before, and each can be renewed once.');
      }
      await touchFederatedIdentity(open, id);
      const facts = { rule, tokenId, address, isRenewal: true, claims: job };
      await recordIssued(open, id, facts);
    });
    return this.answer(issued, claims, kind);
  }

  answer(
    { token, expiresIn }: IssuedToken,
    subject: {
      readonly tenant: string;
      readonly name: string;
      readonly rule: string;
      readonly parentExp: number;
    },
    kind: IssuerKindName,
  ): ExchangedToken {
    const left = Math.max(0, subject.parentExp - Math.floor(this.clock.now() / 1000));
    return {
      access_token: token,
      issued_token_type: ACCESS_TOKEN_TYPE,
      token_type: 'Bearer',
      expires_in: expiresIn,
      tenant: subject.tenant,
      identity: subject.name,
      rule: subject.rule,
      renewable_for: issuerKinds[kind].isRenewable ? left : 0,
    };
  }
}
