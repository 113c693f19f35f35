import { Injectable } from '@nestjs/common';
import {
  newEnrollmentToken,
  type EnrollmentGrant,
} from '../../drivers/targets/agent/enrollment-token.js';
import { limits } from '../../kernel/limits.js';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { issueCredential } from '../../platform/credentials/credentials.store.js';
import { Database } from '../../platform/database/database.js';
import { enrollmentTokenLimit } from '../fleet.errors.js';
import { clusterOf, environmentByName } from '../fleet.queries.js';
import type { EnrollmentTokenBody } from './nodes.dto.js';

export interface EnrollmentToken {
  readonly token: string;
  readonly expiresAt: Date;
  readonly environment: string;
  readonly cluster: string;
  readonly name: string | null;
}

/**
 * Makes the tokens that let a node in. Only the hash is kept, so there is no Idempotency-Key here:
 * its stored answer would be the token in clear. Whoever lost an answer makes another one.
 */
@Injectable()
export class EnrollmentTokensService {
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  create(ctx: Context, request: EnrollmentTokenBody): Promise<EnrollmentToken> {
    return this.database.transaction(ctx, async (open) => {
      const environment = await environmentByName(open, request.environment);
      const cluster = await clusterOf(open, environment.id, request.cluster);
      const { token, hash } = newEnrollmentToken({
        clusterId: cluster.id,
        name: `${environment.name}/${cluster.name}`,
      });
      const grant: EnrollmentGrant = { clusterId: cluster.id, name: request.name ?? null };
      const expiresAt = await this.insert(open, hash, grant);
      await this.audit.append(open, {
        category: 'fleet',
        action: 'enrollment-token-created',
        subject: { kind: 'cluster', id: cluster.id },
        body: { environment: environment.name, cluster: cluster.name, node: grant.name },
      });
      const { name } = grant;
      return { token, expiresAt, environment: environment.name, cluster: cluster.name, name };
    });
  }

  /** Throws `enrollment-token-limit`. */
  private async insert(open: OpenContext, hash: string, grant: EnrollmentGrant): Promise<Date> {
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
}
