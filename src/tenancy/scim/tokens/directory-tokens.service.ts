import { Inject, Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { Clock } from '../../../kernel/clock.js';
import { EVERYWHERE } from '../../../kernel/grants.js';
import { newId } from '../../../kernel/ids.js';
import { canonicalNetwork } from '../../../kernel/networks.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew } from '../../../platform/database/entity-rows.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { changing } from '../../../platform/events/changing.js';
import { checkMayGive } from '../../permissions/giving.js';
import { ScimAddress } from '../scim-address.js';
import { DirectoryTokenEntity } from './directory-token.entity.js';
import { DirectoryTokenStandings } from './directory-token-standings.js';
import {
  directoryTokenHash,
  newDirectoryTokenText,
  shownPartOfToken,
} from './directory-token-text.js';
import type { CreateDirectoryTokenBody, DirectoryTokensQuery } from './directory-tokens.dto.js';
import {
  directoryTokenExists,
  directoryTokenNotFound,
  directoryTokenOver,
} from './directory-tokens.errors.js';
import {
  directoryTokenCreated,
  directoryTokenRevoked,
  directoryTokenRotated,
  factsOf,
} from './directory-tokens.events.js';
import {
  connectedDirectory,
  lockDirectoryTokens,
  tidyDirectoryTokens,
} from './directory-tokens.store.js';
import {
  directoryTokenView,
  type DirectoryTokenView,
  directoryTokenViews,
} from './directory-tokens.views.js';

const DAY_MS = 86_400_000;
/** Ended ones stay in lists so long, for whoever asks what happened. */
const ENDED_KEPT_DAYS = 90;

export interface CreatedDirectoryToken extends DirectoryTokenView {
  readonly url: string;
  readonly secret: string;
}

type NewToken = Pick<
  DirectoryTokenEntity,
  'name' | 'allowedNetworks' | 'emailDomains' | 'rotatedFrom'
> & { readonly lifetimeMs: number };

/** What a tenant's directory shows: one at a time, beside the one that it takes the place of. */
@Injectable()
export class DirectoryTokensService {
  constructor(
    private readonly database: Database,
    private readonly standings: DirectoryTokenStandings,
    private readonly address: ScimAddress,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: DirectoryTokensQuery): Promise<Page<DirectoryTokenView>> {
    const now = new Date(this.clock.now());
    return this.database.transaction(ctx, (open) =>
      newestFirst('directory-tokens', query, (before, take) =>
        directoryTokenViews(open, { now, before, take }),
      ),
    );
  }

  /** Throws `role-beyond-own`, `directory-token-exists`. */
  create(ctx: Context, body: CreateDirectoryTokenBody): Promise<CreatedDirectoryToken> {
    return this.database.transaction(ctx, async (open) => {
      checkIsAdmin(open);
      await lockDirectoryTokens(open);
      const connected = await connectedDirectory(open, new Date(this.clock.now()));
      if (connected !== undefined) throw directoryTokenExists(connected);
      const { name, emailDomains, expiresInDays } = body;
      const { token, secret } = await this.add(open, {
        name,
        emailDomains: spelled(emailDomains),
        allowedNetworks: spelled(body.allowedNetworks.map(canonicalNetwork)),
        rotatedFrom: null,
        lifetimeMs: expiresInDays * DAY_MS,
      });
      const after = await this.view(open, token.id);
      const event = directoryTokenCreated(token.id, factsOf(token));
      await open.record(changing(event, { before: null, after }));
      return this.shown(after, secret);
    });
  }

  /** Throws `role-beyond-own`, `directory-token-not-found`, `directory-token-over`. */
  rotate(ctx: Context, id: string, overlapSeconds: number): Promise<CreatedDirectoryToken> {
    return this.database.transaction(ctx, async (open) => {
      checkIsAdmin(open);
      await lockDirectoryTokens(open);
      const { tenantId } = open;
      const tokens = open.tx.repository(DirectoryTokenEntity);
      const old = await tokens.findOneBy({ tenantId, id });
      if (!old) throw directoryTokenNotFound();
      const now = this.clock.now();
      const isRotated = await tokens.existsBy({ tenantId, rotatedFrom: id });
      const isOver = old.revokedAt !== null || old.expiresAt.getTime() <= now;
      if (isRotated || isOver) throw directoryTokenOver();
      const end = new Date(now + overlapSeconds * 1_000);
      if (overlapSeconds === 0) await tokens.update({ tenantId, id }, { revokedAt: end });
      else if (end < old.expiresAt) await tokens.update({ tenantId, id }, { expiresAt: end });
      const lifetimeMs = old.expiresAt.getTime() - old.createdAt.getTime();
      const { token, secret } = await this.add(open, { ...old, lifetimeMs, rotatedFrom: id });
      const facts = { ...factsOf(token), rotatedFrom: id, overlapSeconds };
      const after = await this.view(open, token.id);
      await open.record(changing(directoryTokenRotated(token.id, facts), { before: null, after }));
      open.tx.afterCommit(() => this.standings.forget(old.hash));
      return this.shown(after, secret);
    });
  }

  /** Repeating it changes nothing. Throws `directory-token-not-found`. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const tokens = open.tx.repository(DirectoryTokenEntity);
      const token = await tokens.findOneBy({ tenantId, id });
      if (!token) throw directoryTokenNotFound();
      const revokedAt = new Date(this.clock.now());
      const { affected } = await tokens.update(
        { tenantId, id, revokedAt: IsNull() },
        { revokedAt },
      );
      if (affected === 0) return;
      const { name, prefix, hash } = token;
      const event = directoryTokenRevoked(id, { name, prefix });
      const before = { revokedAt: null };
      await open.record(changing(event, { before, after: { revokedAt } }));
      open.tx.afterCommit(() => this.standings.forget(hash));
    });
  }

  private async add(open: OpenContext, rules: NewToken) {
    const { name, allowedNetworks, emailDomains, rotatedFrom, lifetimeMs } = rules;
    const now = this.clock.now();
    await tidyDirectoryTokens(open, new Date(now - ENDED_KEPT_DAYS * DAY_MS));
    const secret = newDirectoryTokenText();
    const [token] = await insertNew(open.tx.repository(DirectoryTokenEntity), {
      tenantId: open.tenantId,
      id: newId(),
      hash: directoryTokenHash(secret),
      prefix: shownPartOfToken(secret),
      name,
      makerId: makerOf(open),
      createdBy: open.actor.name,
      allowedNetworks,
      emailDomains,
      rotatedFrom,
      createdAt: new Date(now),
      expiresAt: new Date(now + lifetimeMs),
    });
    if (!token) throw directoryTokenOver();
    return { token, secret };
  }

  private async view(open: OpenContext, id: string) {
    return (await directoryTokenView(open, id, new Date(this.clock.now())))!;
  }

  private shown(view: DirectoryTokenView, secret: string): CreatedDirectoryToken {
    return { ...view, url: this.address.base, secret };
  }
}

/**
 * A directory fills groups, and Admins bind roles to these, any role at any time: who makes its token must
 * hold all that a tenant has to give. Throws `role-beyond-own`.
 */
function checkIsAdmin({ grants }: OpenContext): void {
  checkMayGive(grants, [{ ...EVERYWHERE, role: 'Admin', permissions: null, group: null }]);
}

/** Only people come so far: the route says so. */
function makerOf({ actor }: Context): string {
  if (actor.kind !== 'user') throw new Error('a directory token is made by a person');
  return actor.id;
}

/** Each once, in order. */
function spelled(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
