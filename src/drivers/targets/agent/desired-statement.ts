import { Inject, Injectable } from '@nestjs/common';
import { CompactSign } from 'jose';
import {
  DESIRED_TYPE,
  PROTOCOL,
  type DesiredModule,
  type DesiredStatement,
} from '../../../agent/protocol/protocol.js';
import { assert } from '../../../kernel/assert.js';
import { limits } from '../../../kernel/limits.js';
import { Config } from '../../../platform/config/config.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { nodeRevoked } from './agent.errors.js';
import { StatementBatches, type StatementKey } from './statement-batches.js';
import { STATEMENT_KEYS, type StatementKeys } from './statement-keys.js';

/** Says what a node should run, signed, so that nothing between here and the node can change it. */
@Injectable()
export class DesiredStatements {
  private readonly batches: StatementBatches<StatementRow>;

  constructor(
    database: Database,
    private readonly config: Config,
    @Inject(STATEMENT_KEYS) private readonly keys: StatementKeys,
  ) {
    this.batches = new StatementBatches(database, STATEMENT_SQL);
  }

  /** Null when the node's revision is not above `after`. */
  async after(ctx: Context, after: number, nonce: string): Promise<string | null> {
    const nodeId = ctx.actor.id;
    const rows = await this.batches.read(ctx.tenantId, nodeId, after);
    const [first] = rows;
    if (!first) return null;
    if (first.isRevoked) throw nodeRevoked();
    const statement: DesiredStatement = {
      protocol: PROTOCOL,
      tenantId: ctx.tenantId,
      nodeId,
      nonce,
      revision: first.revision,
      reportIntervalMs: this.config.reportIntervalMs,
      ...(first.trustedProxies.length > 0 ? { trustedProxies: first.trustedProxies } : {}),
      modules: rows.flatMap((row) => moduleOf(row) ?? []),
    };
    return new CompactSign(Buffer.from(JSON.stringify(statement)))
      .setProtectedHeader({ alg: 'EdDSA', typ: DESIRED_TYPE, kid: this.keys.kid })
      .sign(this.keys.privateKey);
  }
}

interface StatementRow extends StatementKey {
  readonly revision: number;
  readonly isRevoked: boolean;
  /** Of the node's cluster. */
  readonly trustedProxies: string[];
  /** Null: the node has no module at all. */
  readonly module: DesiredModule | null;
  readonly wanted: number;
}

function moduleOf(row: StatementRow): DesiredModule | null {
  if (!row.module) return null;
  // A release that cannot be found must never turn into "nothing should run".
  assert(row.module.releases.length === row.wanted, 'a desired release does not exist');
  return row.module;
}

// One statement, one snapshot: the revision and what it stands for belong together. Modules that
// should be absent come last, so that the limit drops the oldest tombstones first.
const STATEMENT_SQL = `
  select asked.node_id as "nodeId", asked.after, node.desired_revision as revision,
    node.revoked_at is not null as "isRevoked", cluster.trusted_proxies as "trustedProxies",
    part.module, part.wanted
  from unnest($2::uuid[], $3::bigint[]) as asked (node_id, after)
  join nodes node on node.tenant_id = $1 and node.id = asked.node_id
    and (node.desired_revision > asked.after or node.revoked_at is not null)
  join clusters cluster on cluster.tenant_id = $1 and cluster.id = node.cluster_id
  left join lateral (
    select jsonb_array_length(desired.releases) as wanted,
      jsonb_build_object(
        'moduleId', desired.module_id, 'name', module.name, 'generation', desired.generation,
        'signatureRequired', desired.signature_required,
        'releases', coalesce(release.list, '[]')) as module
    from desired_modules desired
    join modules module on module.tenant_id = $1 and module.id = desired.module_id
    left join lateral (
      select jsonb_agg(jsonb_build_object(
          'releaseId', release.id, 'version', release.version,
          'releaseDigest', release.release_digest, 'artifactDigest', release.artifact_digest,
          'artifactBytes', artifact.size, 'manifestText', release.manifest_text,
          'configurationId', item.value -> 'configurationId',
          'configuration', coalesce(configuration.body_text::jsonb, '{}'),
          'signature', case when release.signature is not null then jsonb_build_object(
            'keyId', key.id, 'publicKey', key.public_key, 'value', release.signature) end,
          'trafficPercent', item.value -> 'trafficPercent')
          || coalesce((select jsonb_object_agg(extra.key, extra.value)
            from jsonb_each(item.value) as extra
            where extra.key in ('smoke', 'hookAnswer', 'isKept')), '{}')
          order by item.position) as list
      from jsonb_array_elements(desired.releases) with ordinality as item (value, position)
      join releases release
        on release.tenant_id = $1 and release.id = (item.value ->> 'releaseId')::uuid
      join artifacts artifact
        on artifact.tenant_id = $1 and artifact.artifact_digest = release.artifact_digest
      left join configurations configuration on configuration.tenant_id = $1
        and configuration.id = (item.value ->> 'configurationId')::uuid
      left join signing_keys key on key.tenant_id = $1 and key.id = release.key_id
    ) as release on true
    where desired.tenant_id = $1 and desired.node_id = node.id
    order by desired.releases = '[]', desired.updated_at desc
    limit ${limits.reportModules}
  ) as part on true`;
