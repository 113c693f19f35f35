import { Injectable } from '@nestjs/common';
import { LessThan, Not } from 'typeorm';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { Grants } from '../../kernel/grants.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { answerOf } from '../../platform/http/answer.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { newestFirst, type Page, type PageRequest } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { faultsOfRules } from './check-rules.js';
import { FederatedIdentityEntity } from './federated-identity.entity.js';
import type { FederatedIdentityView } from './federated-identity.js';
import {
  type CreateFederatedIdentityBody,
  federatedIdentityOut,
  type ReplaceFederatedIdentityBody,
} from './federated-identities.dto.js';
import {
  audienceReserved,
  audienceTaken,
  federatedGrantsTooWide,
  federatedIdentityLimit,
  federatedIdentityNotFound,
  federatedIdentityTaken,
  federatedRulesInvalid,
} from './federated-identities.errors.js';
import {
  factsOf,
  federatedIdentityCreated,
  federatedIdentityDeleted,
  federatedIdentityDisabled,
  federatedIdentityEnabled,
  federatedIdentityReplaced,
} from './federated-identities.events.js';
import { lockFederatedIdentities, slugOfTenant } from './federated-identities.store.js';
import { permissionsOf } from './grantable.js';
import { issuerOf } from './issuer-address.js';
import { IssuerDocuments } from './issuer-documents.js';
import { issuerKinds } from './issuer-kinds.js';
import { grantOf } from './workload-bearer.js';

/** Which pipelines of whose issuers are let in, and what they may do. They belong to the tenant. */
@Injectable()
export class FederatedIdentitiesService {
  constructor(
    private readonly database: Database,
    private readonly documents: IssuerDocuments,
  ) {}

  list(ctx: Context, request: PageRequest): Promise<Page<FederatedIdentityView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('federated-identities', request, async (before, take) => {
        const { tenantId } = open;
        const rows = await open.tx.repository(FederatedIdentityEntity).find({
          where: before === null ? { tenantId } : { tenantId, id: LessThan(before) },
          order: { id: 'desc' },
          take,
        });
        return rows.map(viewOf);
      }),
    );
  }

  /** Throws `federated-identity-not-found`. */
  async get(ctx: Context, id: string): Promise<FederatedIdentityView> {
    return viewOf(await this.entity(ctx, id));
  }

  /** Throws `federated-identity-not-found`. */
  entity(ctx: Context, id: string): Promise<FederatedIdentityEntity> {
    return this.database.transaction(ctx, (open) => find(open, id));
  }

  /**
   * Throws `federated-rules-invalid`, `federated-grants-too-wide`, `issuer-invalid`, `audience-reserved`,
   * `audience-taken`, `federated-identity-limit`, `federated-identity-taken`, and what GuardedFetch throws.
   */
  async create(
    ctx: Context,
    body: CreateFederatedIdentityBody,
    key: string | undefined,
  ): Promise<FederatedIdentityView> {
    const faults = faultsOfRules(body.issuerKind, body.rules);
    if (faults.length > 0) throw federatedRulesInvalid(faults);
    checkGrants(ctx, body);
    const issuer = issuerOf(body.issuerKind, body.issuer);
    // Outside of any transaction; what is wrong with an address is found now and not by a pipeline.
    if (issuer !== issuerKinds[body.issuerKind].issuer) {
      await this.documents.keysAddress(issuer, ctx.tenantId);
    }
    const call = { key, route: 'POST /federated-identities', body };
    const answer = await idempotent(this.database, ctx, call, async (open) => ({
      status: 201,
      body: await insert(open, body, issuer),
    }));
    return answer.body;
  }

  /**
   * Name, issuer and audience stay: tokens and jobs have them. With other rules the tokens that it has let
   * in are over within five seconds. Throws `federated-identity-not-found`, `version-mismatch`,
   * `federated-rules-invalid`, `federated-grants-too-wide`.
   */
  replace(
    ctx: Context,
    id: string,
    version: number,
    body: ReplaceFederatedIdentityBody,
  ): Promise<FederatedIdentityView> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      const faults = faultsOfRules(before.issuerKind, body.rules);
      if (faults.length > 0) throw federatedRulesInvalid(faults);
      checkGrants(ctx, body);
      const isSame = canonicalJson(before.rules) === canonicalJson(body.rules);
      const changed = await updateOne(
        open.tx.repository(FederatedIdentityEntity),
        { tenantId, id, version },
        {
          ...body,
          permissions: permissionsOf(body.permissions),
          rulesVersion: before.rulesVersion + (isSame ? 0 : 1),
        },
      );
      if (!changed) throw versionMismatch((await find(open, id)).version);
      await open.record(
        changing(federatedIdentityReplaced(id, factsOf(changed)), {
          before: viewOf(before),
          after: viewOf(changed),
        }),
      );
      return viewOf(changed);
    });
  }

  /** What it lets in is out within five seconds. Repeating it changes nothing. */
  disable(ctx: Context, id: string): Promise<FederatedIdentityView> {
    return this.turn(ctx, id, new Date());
  }

  enable(ctx: Context, id: string): Promise<FederatedIdentityView> {
    return this.turn(ctx, id, null);
  }

  /** Throws `federated-identity-not-found`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      const { affected } = await open.tx
        .repository(FederatedIdentityEntity)
        .delete({ tenantId, id });
      if (affected !== 1) return;
      const deleted = federatedIdentityDeleted(id, { name: before.name });
      await open.record(changing(deleted, { before: viewOf(before), after: null }));
    });
  }

  private turn(ctx: Context, id: string, disabledAt: Date | null): Promise<FederatedIdentityView> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await find(open, id);
      if ((before.disabledAt === null) === (disabledAt === null)) return viewOf(before);
      // Whoever lets a pipeline in again gives it what it may do.
      if (disabledAt === null) checkGrants(ctx, before);
      const identities = open.tx.repository(FederatedIdentityEntity);
      const changed = await updateOne(identities, { tenantId, id }, { disabledAt });
      if (!changed) throw federatedIdentityNotFound();
      const type = disabledAt === null ? federatedIdentityEnabled : federatedIdentityDisabled;
      const after = viewOf(changed);
      const turned = type(id, { name: changed.name });
      await open.record(changing(turned, { before: viewOf(before), after }));
      return after;
    });
  }
}

async function find(open: OpenContext, id: string): Promise<FederatedIdentityEntity> {
  const { tenantId } = open;
  const row = await open.tx.repository(FederatedIdentityEntity).findOneBy({ tenantId, id });
  if (row) return row;
  throw federatedIdentityNotFound();
}

type Given = Pick<CreateFederatedIdentityBody, 'permissions' | 'modules' | 'environments'>;

/** Nobody gives what they do not have. */
function checkGrants(ctx: Context, { permissions: chosen, modules, environments }: Given): void {
  const permissions = permissionsOf(chosen);
  const lacking = permissions.filter((permission) => {
    const given = grantOf({ permissions: [permission], modules, environments }, 'given');
    return !new Grants([given]).isWithin(ctx.grants);
  });
  if (lacking.length > 0) throw federatedGrantsTooWide(lacking);
}

async function insert(
  open: OpenContext,
  body: CreateFederatedIdentityBody,
  issuer: string,
): Promise<FederatedIdentityView> {
  const { tenantId } = open;
  await lockFederatedIdentities(open);
  const identities = open.tx.repository(FederatedIdentityEntity);
  const most = limits.federatedIdentitiesPerTenant;
  if ((await identities.countBy({ tenantId })) >= most) throw federatedIdentityLimit(most);
  const audience = await audienceOf(open, body, issuer);
  if (await identities.existsBy({ tenantId, audience, issuer: Not(issuer) })) throw audienceTaken();
  const [row] = await insertNew(identities, {
    ...body,
    tenantId,
    id: newId(),
    issuer,
    audience,
    permissions: permissionsOf(body.permissions),
    createdBy: open.actor.name,
  });
  if (!row) throw federatedIdentityTaken();
  const created = federatedIdentityCreated(row.id, factsOf(row));
  await open.record(changing(created, { before: null, after: viewOf(row) }));
  return viewOf(row);
}

async function audienceOf(
  open: OpenContext,
  { issuerKind, audience }: CreateFederatedIdentityBody,
  issuer: string,
): Promise<string> {
  const own = `tidegate:${await slugOfTenant(open)}`;
  if (audience === undefined) {
    const isUsual = issuer === issuerKinds[issuerKind].issuer;
    return `${own}:${isUsual ? issuerKind : new URL(issuer).host}`;
  }
  const isReserved = audience.startsWith('tidegate:');
  if (isReserved && audience !== own && !audience.startsWith(`${own}:`)) throw audienceReserved();
  return audience;
}

function viewOf(row: FederatedIdentityEntity): FederatedIdentityView {
  return answerOf(federatedIdentityOut, row);
}
