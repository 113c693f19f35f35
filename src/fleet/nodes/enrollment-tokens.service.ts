import { Injectable } from '@nestjs/common';
import {
  newEnrollmentToken,
  type EnrollmentGrant,
} from '../../drivers/targets/agent/enrollment-token.js';
import { limits } from '../../kernel/limits.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { issueCredential } from '../../platform/credentials/credentials.store.js';
import { Database } from '../../platform/database/database.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { enrollmentTokenLimit } from '../fleet.errors.js';
import { clusterOf, environmentByName } from '../fleet.queries.js';
import type { enrollmentTokenOut, EnrollmentTokenBody } from './enrollment-tokens.dto.js';
import { enrollmentTokenCreated } from './nodes.events.js';

type EnrollmentToken = AnswerOf<typeof enrollmentTokenOut>;

/**
 * Makes the tokens that let a node in. Only the hash is kept, so there is no Idempotency-Key here:
 * its stored answer would be the token in clear. Whoever lost an answer makes another one.
 */
@Injectable()
export class EnrollmentTokensService {
  constructor(private readonly database: Database) {}

  /** Throws `environment-not-found`, `cluster-not-found`, `cluster-required`, `enrollment-token-limit`. */
  async create(ctx: Context, request: EnrollmentTokenBody): Promise<EnrollmentToken> {
    ctx.require(Permission.FleetManage, { environment: request.environment });
    return this.database.transaction(ctx, async (open) => {
      const environment = await environmentByName(open, request.environment);
      const cluster = await clusterOf(open, environment.id, request.cluster);
      const { token, hash } = newEnrollmentToken({
        clusterId: cluster.id,
        name: `${environment.name}/${cluster.name}`,
      });
      const grant: EnrollmentGrant = { clusterId: cluster.id, name: request.name ?? null };
      const expiresAt = await insert(open, hash, grant);
      const facts = { environment: environment.name, cluster: cluster.name, node: grant.name };
      await open.record(enrollmentTokenCreated(cluster.id, facts));
      const { name } = grant;
      return { token, expiresAt, environment: environment.name, cluster: cluster.name, name };
    });
  }
}

/** Throws `enrollment-token-limit`. */
async function insert(open: OpenContext, hash: string, grant: EnrollmentGrant): Promise<Date> {
  const expiresAt = await issueCredential(open, {
    kind: 'enrollment',
    hash,
    subjectId: grant.clusterId,
    data: grant,
    lifetimeMs: limits.enrollmentTokenMs,
    issuedAt: null,
    goodAtOnce: limits.enrollmentTokensPerCluster,
  });
  if (expiresAt) return expiresAt;
  throw enrollmentTokenLimit();
}
