import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import { Context, type OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { changing } from '../../platform/events/changing.js';
import {
  claimDomain,
  type ClaimedDomain,
  domainNamed,
  domainsOf,
  dropClaim,
  dropVerifiedDomain,
  insertVerified,
  touchVerified,
} from './domains.store.js';
import {
  domainExists,
  domainLimit,
  domainNotFound,
  domainTaken,
  domainUnproved,
  nameServersSilent,
} from './identity-provider.errors.js';
import {
  domainClaimed,
  domainLost,
  domainRemoved,
  domainVerified,
} from './identity-providers.events.js';
import { IdentityProvidersService } from './identity-providers.service.js';
import { TxtRecords } from './txt-records.js';

const DAY_MS = 24 * 3_600_000;
/** Name servers that nobody can ask prove nothing; a day or two of it are no reason to lock people out. */
const PATIENCE_MS = 3 * DAY_MS;

/** Domains of e-mail addresses that are a tenant's own, as its name servers say. */
@Injectable()
export class DomainsService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly records: TxtRecords,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `identity-provider-not-found`. */
  async list(ctx: Context, providerId: string) {
    await this.providers.row(ctx, providerId);
    const found = await this.database.transaction(ctx, (open) => domainsOf(open, providerId));
    return { items: found.map(view) };
  }

  /** Throws `identity-provider-not-found`, `domain-limit`, `domain-exists`. */
  async claim(ctx: Context, providerId: string, domain: string) {
    await this.providers.row(ctx, providerId);
    return this.database.transaction(ctx, async (open) => {
      const all = await domainsOf(open, providerId);
      if (all.length >= limits.domainsPerProvider) throw domainLimit();
      const claimed = { id: newId(), domain, token: randomBytes(16).toString('hex') };
      if (!(await claimDomain(open, { ...claimed, providerId }))) throw domainExists();
      const shown = view({ ...claimed, verifiedAt: null, checkedAt: null });
      const event = domainClaimed(claimed.id, { domain });
      await open.record(changing(event, { before: null, after: shown }));
      return shown;
    });
  }

  /** Throws `domain-not-found`, `domain-unproved`, `domain-taken`, `name-servers-silent`. */
  async verify(ctx: Context, providerId: string, id: string) {
    const claimed = await this.database.transaction(ctx, (open) => find(open, providerId, id));
    const isProved = await this.isProved(claimed).catch((error: unknown) => {
      throw nameServersSilent(error);
    });
    const { name, value } = recordOf(claimed);
    if (!isProved) throw domainUnproved(name, value);
    const now = new Date(this.clock.now());
    return this.database.transaction(ctx, async (open) => {
      const { domain, verifiedAt } = await find(open, providerId, id);
      if (verifiedAt) await touchVerified(open, id, now);
      else {
        if (!(await insertVerified(open, { id, domain }, now))) throw domainTaken();
        const event = domainVerified(id, { domain });
        const after = { verifiedAt: now, checkedAt: now };
        await open.record(
          changing(event, { before: { verifiedAt: null, checkedAt: null }, after }),
        );
      }
      return view(await find(open, providerId, id));
    });
  }

  /** Throws `domain-not-found`. */
  remove(ctx: Context, providerId: string, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const claimed = await find(open, providerId, id);
      await dropClaim(open, id);
      const event = domainRemoved(id, { domain: claimed.domain });
      await open.record(changing(event, { before: view(claimed), after: null }));
    });
  }

  /** Before a domain admits somebody: what was proved longer than a day ago is asked about anew. */
  async refresh(tenantId: string, domain: string): Promise<void> {
    const ctx = Context.system(tenantId, 'domains');
    const known = await this.database.transaction(ctx, (open) => domainNamed(open, domain));
    if (!known?.checkedAt) return;
    const now = this.clock.now();
    const age = now - known.checkedAt.getTime();
    if (age < DAY_MS) return;
    const isProved = await this.isProved(known).catch(() => null);
    if (isProved === null && age < PATIENCE_MS) return;
    await this.database.transaction(ctx, async (open) => {
      if (isProved) return touchVerified(open, known.id, new Date(now));
      await dropVerifiedDomain(open, known.id);
      await open.record(domainLost(known.id, { domain }));
    });
  }

  private async isProved(claimed: ClaimedDomain): Promise<boolean> {
    const { name, value } = recordOf(claimed);
    return (await this.records.of(name)).includes(value);
  }
}

async function find(open: OpenContext, providerId: string, id: string): Promise<ClaimedDomain> {
  const found = (await domainsOf(open, providerId)).find((one) => one.id === id);
  if (found) return found;
  throw domainNotFound();
}

function recordOf({ domain, token }: Pick<ClaimedDomain, 'domain' | 'token'>) {
  return { name: `_tidegate.${domain}`, value: `tidegate-domain=${token}` };
}

function view(claimed: ClaimedDomain) {
  const { id, domain, verifiedAt, checkedAt } = claimed;
  return { id, domain, record: recordOf(claimed), verifiedAt, checkedAt };
}
