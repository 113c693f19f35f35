import { Injectable } from '@nestjs/common';
import {
  newEnrollmentToken,
  type EnrollmentGrant,
} from '../../drivers/targets/agent/enrollment-token.js';
import { limits } from '../../kernel/limits.js';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
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

  private async insert(open: OpenContext, hash: string, grant: EnrollmentGrant): Promise<Date> {
    const [row] = await open.tx.query<{ expiresAt: Date }>(
      `insert into credentials (hash, tenant_id, kind, subject_id, data, expires_at)
       select $2, $1, 'enrollment', $3, $4,
         clock_timestamp() + interval '${limits.enrollmentTokenMs} milliseconds'
       where (select count(*) from credentials where tenant_id = $1 and kind = 'enrollment'
         and subject_id = $3 and used_at is null and expires_at > clock_timestamp()) < $5
       returning expires_at as "expiresAt"`,
      [
        open.tenantId,
        hash,
        grant.clusterId,
        JSON.stringify(grant),
        limits.enrollmentTokensPerCluster,
      ],
    );
    if (row) return row.expiresAt;
    throw enrollmentTokenLimit();
  }
}
