import { Inject, Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Grants } from '../../kernel/grants.js';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { canonicalNetwork } from '../../kernel/networks.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew } from '../../platform/database/entity-rows.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { giveQuotaBack, takeQuota } from '../quotas/quotas.events.js';
import { AccessKeyEntity } from './access-key.entity.js';
import type { AccessKeysQuery, CreateAccessKeyBody } from './access-keys.dto.js';
import * as errors from './access-keys.errors.js';
import {
  accessKeyCreated,
  accessKeyRevoked,
  accessKeyRotated,
  factsOf,
} from './access-keys.events.js';
import { isMemberOf } from './access-keys.queries.js';
import { countGoodKeys, type KeyOwner, lockKeysOf, tidyKeys } from './access-keys.store.js';
import { accessKeyView, type AccessKeyView, accessKeyViews } from './access-keys.views.js';
import { endKeysOf } from './end-keys.js';
import { grantOfKey, missingIn } from './key-power.js';
import { isOwnKey, maySeeKey, seenBy } from './key-sight.js';
import { KeyStandings } from './key-standings.js';
import { keyHash, newKeyText, shownPartOf } from './key-text.js';

const DAY_MS = 86_400_000;
/** Ended keys stay in lists so long, for whoever asks what happened. */
const ENDED_KEPT_DAYS = 90;

export interface CreatedAccessKey extends AccessKeyView {
  readonly secret: string;
}

/** What a new key says of itself, whether it is the first or takes another one's place. */
type NewKey = Pick<
  AccessKeyEntity,
  | 'name'
  | 'permissionSet'
  | 'permissions'
  | 'modules'
  | 'environments'
  | 'metadata'
  | 'allowedNetworks'
  | 'requestsPerMinute'
  | 'rotatedFrom'
> & { readonly lifetimeMs: number };

@Injectable()
export class AccessKeysService {
  constructor(
    private readonly database: Database,
    private readonly standings: KeyStandings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `accountId`: of this service account alone. */
  list(
    ctx: Context,
    query: AccessKeysQuery,
    accountId: string | null = null,
  ): Promise<Page<AccessKeyView>> {
    const now = new Date(this.clock.now());
    const name = accountId === null ? 'access-keys' : `access-keys of ${accountId}`;
    return this.database.transaction(ctx, (open) =>
      newestFirst(name, query, (before, take) =>
        accessKeyViews(open, { seen: seenBy(open), accountId, now, before, take }),
      ),
    );
  }

  /** Throws `access-key-not-found`. */
  get(ctx: Context, id: string): Promise<AccessKeyView> {
    return this.database.transaction(ctx, async (open) => {
      const key = await this.view(open, id);
      if (!key || !maySeeKey(open, key)) throw errors.accessKeyNotFound();
      return key;
    });
  }

  /** For whoever asks. Throws `access-key-maker-outside`, `access-key-too-wide`, `access-key-limit`, `quota-exceeded`. */
  create(ctx: Context, body: CreateAccessKeyBody): Promise<CreatedAccessKey> {
    return this.database.transaction(ctx, async (open) => {
      const userId = makerOf(open);
      if (!(await isMemberOf(open, userId))) throw errors.accessKeyMakerOutside();
      return this.createFor(open, { kind: 'user', id: userId }, body);
    });
  }

  /** Whoever calls has found the owner. Throws `access-key-too-wide`, `access-key-limit`, `quota-exceeded`. */
  async createFor(
    open: OpenContext,
    owner: KeyOwner,
    body: CreateAccessKeyBody,
  ): Promise<CreatedAccessKey> {
    const { key, secret } = await this.add(open, owner, newKeyOf(body));
    const view = (await this.view(open, key.id))!;
    const created = accessKeyCreated(key.id, factsOf(key));
    await open.record(changing(created, { before: null, after: view }));
    return { ...view, secret };
  }

  /**
   * A new key in the place of one that stays good for a while. Throws `access-key-not-found`,
   * `access-key-not-yours`, `access-key-over`, `access-key-rotated` and what making one does.
   */
  rotate(ctx: Context, id: string, overlapSeconds: number): Promise<CreatedAccessKey> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const keys = open.tx.repository(AccessKeyEntity);
      const lock = { mode: 'pessimistic_write' } as const;
      const old = await keys.findOne({ where: { tenantId, id }, lock });
      if (!old || !maySeeKey(open, old)) throw errors.accessKeyNotFound();
      if (!isOwnKey(open, old)) throw errors.accessKeyNotYours();
      const now = this.clock.now();
      if (await keys.existsBy({ tenantId, rotatedFrom: id })) throw errors.accessKeyRotated();
      if (old.revokedAt !== null || old.expiresAt.getTime() <= now) throw errors.accessKeyOver();
      const end = new Date(now + overlapSeconds * 1_000);
      if (overlapSeconds === 0) {
        await keys.update({ tenantId, id }, { revokedAt: end });
        await giveQuotaBack(open, 'keys');
      } else if (end < old.expiresAt) await keys.update({ tenantId, id }, { expiresAt: end });
      const lifetimeMs = old.expiresAt.getTime() - old.createdAt.getTime();
      const owner = { kind: old.ownerKind, id: old.ownerId };
      const { key, secret } = await this.add(open, owner, { ...old, lifetimeMs, rotatedFrom: id });
      const facts = factsOf(key);
      const view = (await this.view(open, key.id))!;
      const rotated = accessKeyRotated(key.id, { ...facts, rotatedFrom: id, overlapSeconds });
      await open.record(changing(rotated, { before: null, after: view }));
      if (overlapSeconds === 0) open.tx.afterCommit(() => this.standings.forget(old.hash));
      return { ...view, secret };
    });
  }

  /** Repeating it changes nothing, the time of revocation included. Throws `access-key-not-found`. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const keys = open.tx.repository(AccessKeyEntity);
      const key = await keys.findOneBy({ tenantId, id });
      if (!key || !maySeeKey(open, key)) throw errors.accessKeyNotFound();
      const revokedAt = new Date(this.clock.now());
      const { affected } = await keys.update({ tenantId, id, revokedAt: IsNull() }, { revokedAt });
      if (affected === 0) return;
      const revoked = accessKeyRevoked(id, { name: key.name, prefix: key.prefix });
      await open.record(changing(revoked, { before: { revokedAt: null }, after: { revokedAt } }));
      if (key.expiresAt > revokedAt) await giveQuotaBack(open, 'keys');
      open.tx.afterCommit(() => this.standings.forget(key.hash));
    });
  }

  /** In the transaction in which their owner goes away; answers how many there were. */
  async revokeAllOf(open: OpenContext, owner: KeyOwner): Promise<number> {
    const hashes = await endKeysOf(open, owner);
    open.tx.afterCommit(() => hashes.forEach((hash) => this.standings.forget(hash)));
    return hashes.length;
  }

  private async add(open: OpenContext, owner: KeyOwner, rules: NewKey) {
    const { lifetimeMs, name, permissionSet, permissions, modules, environments } = rules;
    const power = { name, permissionSet, permissions, modules, environments };
    const grant = grantOfKey(power);
    if (!new Grants([grant]).isWithin(open.grants)) {
      throw errors.accessKeyTooWide(missingIn(open.grants, grant));
    }
    const now = this.clock.now();
    await lockKeysOf(open);
    await tidyKeys(open, new Date(now - ENDED_KEPT_DAYS * DAY_MS));
    const count = await countGoodKeys(open, owner, new Date(now));
    if (count.ofOwner >= limits.accessKeysPerOwner) throw errors.accessKeyLimit('owner');
    if (count.ofTenant >= limits.accessKeysPerTenant) throw errors.accessKeyLimit('tenant');
    const secret = newKeyText();
    const [key] = await insertNew(open.tx.repository(AccessKeyEntity), {
      ...power,
      tenantId: open.tenantId,
      id: newId(),
      hash: keyHash(secret),
      prefix: shownPartOf(secret),
      ownerKind: owner.kind,
      ownerId: owner.id,
      makerId: makerOf(open),
      createdBy: open.actor.name,
      metadata: rules.metadata,
      allowedNetworks: rules.allowedNetworks,
      requestsPerMinute: rules.requestsPerMinute,
      rotatedFrom: rules.rotatedFrom,
      createdAt: new Date(now),
      expiresAt: new Date(now + lifetimeMs),
    });
    if (!key) throw errors.accessKeyRotated();
    await takeQuota(open, 'keys');
    return { key, secret };
  }

  private view(open: OpenContext, id: string): Promise<AccessKeyView | undefined> {
    return accessKeyView(open, id, new Date(this.clock.now()));
  }
}

/** Only people come so far: the route says so. */
function makerOf({ actor }: Context): string {
  if (actor.kind !== 'user') throw new Error('an access key is made by a person');
  return actor.id;
}

function newKeyOf(body: CreateAccessKeyBody): NewKey {
  const { name, permissions, metadata, expiresInDays } = body;
  const isSet = typeof permissions === 'string';
  return {
    name,
    permissionSet: isSet ? permissions : null,
    permissions: isSet ? null : spelled(permissions),
    modules: body.modules && spelled(body.modules),
    environments: body.environments && spelled(body.environments),
    metadata,
    allowedNetworks: spelled(body.allowedNetworks.map(canonicalNetwork)),
    requestsPerMinute: body.requestsPerMinute,
    rotatedFrom: null,
    lifetimeMs: expiresInDays * DAY_MS,
  };
}

/** Each once, in order. */
function spelled<T extends string>(names: readonly T[]): T[] {
  return [...new Set(names)].sort();
}
