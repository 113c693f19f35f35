import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { Grants } from '../../kernel/grants.js';
import { dnsLabel } from '../../kernel/text.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { isGone } from '../tenants/tenant.js';
import { type Tenant, tenantBySlug } from '../tenants/tenants.store.js';
import { ExchangeAudit, type Refusal } from './exchange-audit.js';
import {
  federatedRulesUnmet,
  grantTypeUnsupported,
  type RefusalReason,
  subjectTokenRefused,
} from './federated-identities.errors.js';
import { recordIssued } from './issued-tokens.js';
import { touchFederatedIdentity, useTokenOnce } from './federated-identities.store.js';
import { FederatedIdentityEntity } from './federated-identity.entity.js';
import { IssuerKeys } from './issuer-keys.js';
import { issuerKinds } from './issuer-kinds.js';
import { closestOf, explainRule, toldClaims, unmetOf } from './match-rules.js';
import {
  checkAudience,
  checkSubject,
  checkTimes,
  checkTokenId,
  readSubjectToken,
  type SubjectToken,
} from './subject-token.js';
import {
  ACCESS_TOKEN_TYPE,
  type ExchangedToken,
  JWT_TYPES,
  TOKEN_EXCHANGE,
  type TokenRequest,
} from './token-exchange.dto.js';
import { type Origin, Renewals } from './token-renewal.js';
import { WorkloadTokens } from './workload-tokens.js';

interface Found {
  readonly identity: FederatedIdentityEntity;
  readonly rule: string;
}

/** Gives a pipeline a token of ours for one of its own issuer (RFC 8693). */
@Injectable()
export class TokenExchange {
  constructor(
    private readonly db: Database,
    private readonly keys: IssuerKeys,
    private readonly tokens: WorkloadTokens,
    private readonly renewals: Renewals,
    private readonly audit: ExchangeAudit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Throws `grant-type-unsupported`, `subject-token-malformed`, `subject-token-refused`,
   * `federated-rules-unmet`, `issuer-unavailable`.
   */
  async exchange(request: TokenRequest, origin: Origin): Promise<ExchangedToken> {
    const { grant_type, subject_token_type, requested_token_type, subject_token } = request;
    if (grant_type !== TOKEN_EXCHANGE) throw grantTypeUnsupported();
    if (![undefined, ACCESS_TOKEN_TYPE].includes(requested_token_type))
      throw grantTypeUnsupported();
    if (subject_token_type === ACCESS_TOKEN_TYPE) return this.renewals.renew(subject_token, origin);
    if (!JWT_TYPES.includes(subject_token_type)) throw grantTypeUnsupported();
    const token = readSubjectToken(subject_token);
    const tenant = await this.tenantFor(request.tenant, token.claims.aud);
    const identities = await this.identitiesOf(tenant, token.claims.iss);
    try {
      await this.checkToken(token, identities);
      const found = choose(token, identities, request.identity);
      return await this.issue(token, found, { tenant, origin });
    } catch (error) {
      await this.tell(error, { tenantId: tenant.id, issuer: token.claims.iss, ...origin });
      throw error;
    }
  }

  /** One answer for a tenant that is not there and one that does not trust the issuer. */
  private async tenantFor(named: string | undefined, audience: string): Promise<Tenant> {
    const slug = named ?? /^tidegate:([^:]+)(?::|$)/.exec(audience)?.[1];
    if (slug === undefined) {
      throw subjectTokenRefused(
        'tenant',
        'Its audience does not say which tenant it is for. Name the tenant (`tenant`), or ask the runner for a token with the audience of the federated identity.',
      );
    }
    const isSlug = dnsLabel.safeParse(slug).success;
    const tenant = isSlug ? await this.db.system((tx) => tenantBySlug(tx, slug)) : undefined;
    if (!tenant || isGone(tenant.status)) throw notTrusted();
    return tenant;
  }

  /** The oldest first. */
  private async identitiesOf(tenant: Tenant, issuer: string): Promise<FederatedIdentityEntity[]> {
    const ctx = Context.system(tenant.id, 'exchange');
    const identities = await this.db.transaction(ctx, ({ tx, tenantId }) =>
      tx.repository(FederatedIdentityEntity).find({
        where: { tenantId, issuer },
        order: { id: 'asc' },
      }),
    );
    if (identities.length === 0) throw notTrusted();
    return identities;
  }

  /** Its signature first: what is forged learns nothing of the rest. */
  private async checkToken(
    token: SubjectToken,
    identities: readonly FederatedIdentityEntity[],
  ): Promise<void> {
    const [{ tenantId }] = identities as [FederatedIdentityEntity];
    const audiences = identities.map(({ audience }) => audience);
    const mine = audiences.find((audience) => audience === token.claims.aud) ?? audiences[0]!;
    const most = Math.max(
      ...identities.map(({ issuerKind }) => issuerKinds[issuerKind].mostSeconds),
    );
    const checks = [
      await this.keys.checkSignature(token, tenantId),
      checkAudience(token, mine),
      checkTimes(token, this.clock.now() / 1000, most),
      checkTokenId(token),
      checkSubject(token),
    ];
    const failed = checks.find(({ isPassed }) => !isPassed);
    if (failed) throw subjectTokenRefused(failed.check, failed.detail);
  }

  private async issue(
    token: SubjectToken,
    { identity, rule }: Found,
    { tenant, origin }: { tenant: Tenant; origin: Origin },
  ): Promise<ExchangedToken> {
    const { id, name, tenantId, issuerKind, permissions, modules, environments } = identity;
    const { rulesVersion } = identity;
    const job = toldClaims(issuerKind, identity.rules, token.claims);
    const { exp, jti, iss } = token.claims;
    const subject = {
      sub: id,
      name,
      tid: tenantId,
      tenant: tenant.slug,
      rule,
      rulesVersion,
      job,
      parentExp: exp,
    };
    const tokenId = this.tokens.newTokenId();
    const grant = { permissions: [...permissions], modules, environments };
    const issued = await this.tokens.issue({ ...subject, ...grant }, tokenId);
    if (!issued) throw subjectTokenRefused('times', 'It is over.');
    const ctx = new Context({
      tenantId,
      actor: { kind: 'workload', id, name: `ci:${name}`, personId: null },
      grants: Grants.none,
      requestId: origin.requestId,
    });
    await this.db.transaction(ctx, async (open) => {
      const now = new Date(this.clock.now());
      // Until it would be refused for its age, with what clocks may differ by.
      const expiresAt = new Date((exp + 120) * 1000);
      const hash = createHash('sha256')
        .update(JSON.stringify([iss, jti]))
        .digest('hex');
      if (!(await useTokenOnce(open, hash, { now, expiresAt }))) throw used();
      await touchFederatedIdentity(open, id);
      const { address } = origin;
      const facts = { rule, tokenId, address, isRenewal: false, claims: job };
      await recordIssued(open, id, facts);
    });
    return this.renewals.answer(issued, subject, issuerKind);
  }

  private async tell(
    error: unknown,
    refusal: Omit<Refusal, 'reason' | 'clauses' | 'claims'>,
  ): Promise<void> {
    if (!(error instanceof DomainError) || error.kind !== 'forbidden') return;
    const { reason = error.code, clauses, claims } = (error.details ?? {}) as Partial<Refusal>;
    await this.audit.refused({
      ...refusal,
      reason,
      ...(clauses ? { clauses } : {}),
      ...(claims ? { claims } : {}),
    });
  }
}

/** The oldest that lets it in; the one named, if one is. */
function choose(
  token: SubjectToken,
  identities: readonly FederatedIdentityEntity[],
  named: string | undefined,
): Found {
  const meant = identities.filter(
    ({ audience, name }) => audience === token.claims.aud && name === (named ?? name),
  );
  if (meant.length === 0) throw notTrusted();
  const explained = meant.flatMap((identity) =>
    identity.rules.map((rule) => ({
      identity,
      ...explainRule(identity.issuerKind, rule, token.claims),
    })),
  );
  const met = explained.filter(({ isMet }) => isMet);
  const found = met.find(({ identity }) => identity.disabledAt === null);
  if (found) return found;
  if (met.length > 0) throw subjectTokenRefused('disabled', DISABLED);
  const { issuerKind, rules } = meant[0]!;
  throw federatedRulesUnmet(
    unmetOf(closestOf(explained)!),
    toldClaims(issuerKind, rules, token.claims),
  );
}

const DISABLED =
  'The federated identity that lets it in is disabled. Ask an Admin of the tenant to enable it.';

function notTrusted(): DomainError {
  return refusal(
    'issuer',
    'No federated identity of the tenant trusts its issuer, or none of the name that was given. Check the tenant, the name and `iss`.',
  );
}

function used(): DomainError {
  return refusal(
    'used',
    'It was exchanged before, and each can be used once. Ask the runner for a new one, or go on with the access token that it gave.',
  );
}

function refusal(reason: RefusalReason, text: string): DomainError {
  return subjectTokenRefused(reason, text);
}
