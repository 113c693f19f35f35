import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { answerOf } from '../../platform/http/answer.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { changing } from '../../platform/events/changing.js';
import { PrivateDigest } from '../auth/private-digest.js';
import { endSessionsOfHolders } from '../permissions/holders.queries.js';
import { checkAdminIsLeft, hasAdmin, lockAdminsOf } from '../permissions/role-bindings.store.js';
import { accountKey } from '../users/account-name.js';
import { dropClaimedOf } from './claimed-roles.store.js';
import { dropClaimedDomains } from './domains.store.js';
import { Emergency } from './emergency.js';
import { IdentityProviderEntity } from './identity-provider.entity.js';
import {
  identityProviderExists,
  identityProviderLimit,
  identityProviderNotFound,
  providerIssuerInvalid,
} from './identity-provider.errors.js';
import {
  type IdentityProviderRules,
  type IdentityProviderView,
  secretContext,
} from './identity-provider.js';
import * as dto from './identity-providers.dto.js';
import {
  identityProviderChanged,
  identityProviderCreated,
  identityProviderDeleted,
} from './identity-providers.events.js';
import { OwnAddress } from './own-address.js';
import { checkTargets } from './rule-targets.js';
import { endSessionsVouchedBy } from './vouched-sessions.js';

@Injectable()
export class IdentityProvidersService {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly address: OwnAddress,
    private readonly digest: PrivateDigest,
    private readonly emergency: Emergency,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: dto.IdentityProvidersQuery): Promise<Page<IdentityProviderView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('identity-providers', query, async (before, take) => {
        const rows = open.tx
          .repository(IdentityProviderEntity)
          .createQueryBuilder('provider')
          .where('provider.tenantId = :tenantId', { tenantId: open.tenantId })
          .orderBy('provider.id', 'DESC')
          .take(take);
        if (before !== null) rows.andWhere('provider.id < :before', { before });
        return (await rows.getMany()).map((row) => this.view(row));
      }),
    );
  }

  /** Throws `identity-provider-not-found`. */
  async get(ctx: Context, id: string): Promise<IdentityProviderView> {
    return this.view(await this.row(ctx, id));
  }

  /** With what nobody is answered. Throws `identity-provider-not-found`. */
  row(ctx: Context, id: string): Promise<IdentityProviderEntity> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /**
   * Throws `provider-issuer-invalid`, `identity-provider-limit`, `identity-provider-exists`,
   * `rule-group-unknown`, `role-unknown`, `role-beyond-own`, `platform-role`, `emergency-account-needed`.
   */
  async create(
    ctx: Context,
    request: dto.CreateIdentityProviderBody,
    key: string | undefined,
  ): Promise<IdentityProviderView> {
    checkIssuer(request.issuer);
    await this.emergency.check(ctx.tenantId, request);
    const call = { key, route: 'POST /identity-providers', body: this.comparable(request) };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const { clientSecret, ...rules } = request;
      const { tenantId } = open;
      await checkTargets(open, rules.rules);
      const providers = open.tx.repository(IdentityProviderEntity);
      const count = await providers.countBy({ tenantId });
      if (count >= limits.identityProvidersPerTenant) throw identityProviderLimit();
      const id = newId();
      const sealedSecret = this.sealed(id, clientSecret) ?? null;
      const nameKey = accountKey(rules.name);
      const [added] = await insertNew(providers, { ...rules, tenantId, id, nameKey, sealedSecret });
      if (!added) throw identityProviderExists();
      const hasSecret = sealedSecret !== null;
      await open.record(
        changing(identityProviderCreated(id, { ...rules, hasSecret }), {
          before: null,
          after: this.view(added),
        }),
      );
      return { status: 201, body: this.view(added) };
    });
    return answer.body;
  }

  /**
   * Throws `identity-provider-not-found`, `version-mismatch`, `provider-issuer-invalid`,
   * `identity-provider-exists`, `rule-group-unknown`, `role-unknown`, `role-beyond-own`, `platform-role`, `emergency-account-needed`.
   */
  async replace(
    ctx: Context,
    id: string,
    change: { readonly version: number; readonly body: dto.ReplaceIdentityProviderBody },
  ): Promise<IdentityProviderView> {
    const { clientSecret, ...rules } = change.body;
    checkIssuer(rules.issuer);
    await this.emergency.check(ctx.tenantId, rules);
    const isOver = await this.isOver(ctx, id, rules);
    const sessionsEnded = isOver ? await this.endSessions(id) : 0;
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      await checkTargets(open, rules.rules);
      const before = await find(open, id);
      const nameKey = accountKey(rules.name);
      const providers = open.tx.repository(IdentityProviderEntity);
      const isTaken =
        nameKey !== before.nameKey && (await providers.existsBy({ tenantId, nameKey }));
      if (isTaken) throw identityProviderExists();
      const sealedSecret = this.nextSecret(before, rules, clientSecret);
      const { version } = change;
      const where = { tenantId, id, version };
      const changed = await updateOne(providers, where, { ...rules, nameKey, sealedSecret });
      if (!changed) throw versionMismatch(before.version);
      const hasSecret = sealedSecret !== null;
      const event = identityProviderChanged(id, { ...rules, hasSecret, sessionsEnded });
      await open.record(changing(event, { before: this.view(before), after: this.view(changed) }));
      if (isOver) open.tx.afterCommit(async () => void (await this.endSessions(id)));
      return this.view(changed);
    });
  }

  /**
   * Ends the sessions that it has vouched for, and takes what its rules have given. Throws
   * `identity-provider-not-found`, `last-admin`.
   */
  async remove(ctx: Context, id: string): Promise<void> {
    await this.get(ctx, id);
    const sessionsEnded = await this.endSessions(id);
    await this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      const { name } = before;
      await dropClaimedDomains(open, id);
      const losers = await this.takeClaimed(open, id);
      await open.tx.repository(IdentityProviderEntity).delete({ tenantId, id });
      const facts = { name, sessionsEnded, peopleWithLess: losers.length };
      const event = identityProviderDeleted(id, facts);
      await open.record(changing(event, { before: this.view(before), after: null }));
      open.tx.afterCommit(async () => void (await this.endSessions(id)));
    });
  }

  /** What claims gave ends with who read them; who loses something begins anew. */
  private async takeClaimed(open: OpenContext, id: string): Promise<string[]> {
    await lockAdminsOf(open);
    const hadAdmin = await hasAdmin(open);
    const losers = await dropClaimedOf(open, id);
    if (hadAdmin) await checkAdminIsLeft(open);
    await endSessionsOfHolders(
      open,
      losers.map((userId) => ({ kind: 'user', id: userId })),
    );
    return losers;
  }

  /** A digest of a request is kept beside its answer; from a plain one a weak secret could be guessed. */
  private comparable({ clientSecret, ...rules }: dto.CreateIdentityProviderBody): object {
    if (clientSecret === undefined) return rules;
    return { ...rules, clientSecret: this.digest.of('identity-provider-secret', clientSecret) };
  }

  private view(row: IdentityProviderEntity): IdentityProviderView {
    const hasSecret = row.sealedSecret !== null;
    const redirectUri = this.address.redirectUriOf(row.id);
    return answerOf(dto.identityProviderOut, { ...row, hasSecret, redirectUri });
  }

  /**
   * Whether it vouches for nobody any more as it has: disabled, another issuer, or another word about second
   * factors. Its sessions end before the change and again after it: a process that dies in between leaves
   * none open, and one that was opened in between ends as well.
   */
  private async isOver(ctx: Context, id: string, next: IdentityProviderRules): Promise<boolean> {
    const { issuer, clientId, factor } = await this.row(ctx, id);
    const isSame = issuer === next.issuer && clientId === next.clientId;
    return !next.isEnabled || !isSame || canonicalJson(factor) !== canonicalJson(next.factor);
  }

  private endSessions(id: string): Promise<number> {
    const now = new Date(this.clock.now());
    return this.database.system((tx) =>
      endSessionsVouchedBy(tx, { providerId: id, userId: null, now }),
    );
  }

  private sealed(id: string, secret: string | undefined): string | undefined {
    return secret === undefined ? undefined : this.sealer.seal(secret, secretContext(id));
  }

  /** It is not sent to another issuer than the one that it was given for. */
  private nextSecret(
    before: IdentityProviderEntity,
    { issuer }: IdentityProviderRules,
    given: string | undefined,
  ): string | null {
    const kept = issuer === before.issuer ? before.sealedSecret : null;
    return this.sealed(before.id, given) ?? kept;
  }
}

async function find(open: OpenContext, id: string): Promise<IdentityProviderEntity> {
  const { tenantId } = open;
  const row = await open.tx.repository(IdentityProviderEntity).findOneBy({ tenantId, id });
  if (row) return row;
  throw identityProviderNotFound();
}

/** As OpenID Connect Discovery wants it; where it may be called is the way out's business. */
function checkIssuer(issuer: string): void {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(issuer) || !URL.canParse(issuer))
    throw providerIssuerInvalid();
  const { search, hash, username, password, origin } = new URL(issuer);
  const isBare = search === '' && hash === '' && username === '' && password === '';
  if (!isBare || /[?#@\\]/.test(issuer) || !issuer.startsWith(origin))
    throw providerIssuerInvalid();
}
