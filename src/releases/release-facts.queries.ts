/** What nodes are told of releases. The agent's target asks it, a floor below. */
import { Injectable } from '@nestjs/common';
import { RUNNING_PAIRS } from '../drivers/targets/agent/running-sql.js';
import {
  ReleaseFacts,
  type NodeArtifact,
  type StatementKey,
  type StatementRow,
  type ToldRelease,
} from '../drivers/targets/agent/release-facts.js';
import { DOWN_CODES, PASSING_CODES, type RunningPair } from '../drivers/targets/target.js';
import { limits } from '../kernel/limits.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';

// One statement, one snapshot: the revision and what it stands for belong together. Modules that
// should be absent come last, so that the limit drops the oldest tombstones first.
const readStatements = statement<
  {
    readonly tenantId: string;
    readonly nodeIds: readonly string[];
    readonly revisions: readonly number[];
  },
  StatementRow
>(
  'release-facts.statements',
  `
  select asked.node_id as "nodeId", asked.after, node.desired_revision as revision,
    node.revoked_at is not null as "isRevoked", cluster.trusted_proxies as "trustedProxies",
    part.module, part.wanted
  from unnest(:nodeIds::uuid[], :revisions::bigint[]) as asked (node_id, after)
  join nodes node on node.tenant_id = :tenantId and node.id = asked.node_id
    and (node.desired_revision > asked.after or node.revoked_at is not null)
  join clusters cluster on cluster.tenant_id = :tenantId and cluster.id = node.cluster_id
  left join lateral (
    select jsonb_array_length(desired.releases) as wanted,
      jsonb_build_object(
        'moduleId', desired.module_id, 'name', module.name, 'generation', desired.generation,
        'signatureRequired', desired.signature_required,
        'releases', coalesce(release.list, '[]')) as module
    from desired_modules desired
    join modules module on module.tenant_id = :tenantId and module.id = desired.module_id
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
        on release.tenant_id = :tenantId and release.id = (item.value ->> 'releaseId')::uuid
      join artifacts artifact
        on artifact.tenant_id = :tenantId and artifact.artifact_digest = release.artifact_digest
      left join configurations configuration on configuration.tenant_id = :tenantId
        and configuration.id = (item.value ->> 'configurationId')::uuid
      left join signing_keys key on key.tenant_id = :tenantId and key.id = release.key_id
    ) as release on true
    where desired.tenant_id = :tenantId and desired.node_id = node.id
    order by desired.releases = '[]', desired.updated_at desc
    limit ${limits.reportModules}
  ) as part on true`,
);

const readRunning = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly moduleId: string;
    readonly downCodes: readonly string[];
    readonly passingCodes: readonly string[];
  },
  RunningPair
>(
  'release-facts.running',
  `select own.node_id as "nodeId", own.release_id as "releaseId",
     release.release_digest as "releaseDigest", own.configuration_id as "configurationId",
     release.version, own.down
   from (${RUNNING_PAIRS}) as own
   left join releases release on release.tenant_id = :tenantId and release.id = own.release_id
   order by own.node_id`,
);

const findArtifact = statement<
  { readonly tenantId: string; readonly nodeId: string; readonly artifactDigest: string },
  NodeArtifact
>(
  'release-facts.find-artifact',
  `
  select node.cluster_id as "clusterId", artifact.size as bytes
  from nodes node
  join artifacts artifact on artifact.tenant_id = :tenantId and artifact.artifact_digest = :artifactDigest
    and artifact.state = 'ready'
  where node.tenant_id = :tenantId and node.id = :nodeId and node.revoked_at is null
    and exists (
      select from desired_modules desired
      cross join jsonb_array_elements(desired.releases || desired.previous_releases) as item
      join releases release
        on release.tenant_id = :tenantId and release.id = (item ->> 'releaseId')::uuid
      where desired.tenant_id = :tenantId and desired.node_id = :nodeId and release.artifact_digest = :artifactDigest)`,
);

const readTold = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly releaseIds: readonly string[];
  },
  ToldRelease
>(
  'release-facts.told',
  `select release.id as "releaseId", release.release_digest as "releaseDigest",
     environment.signature_policy = 'required' as "signatureRequired"
   from clusters cluster
   join environments environment
     on environment.tenant_id = :tenantId and environment.id = cluster.environment_id
   join releases release
     on release.tenant_id = :tenantId and release.id = any(:releaseIds::uuid[])
   where cluster.tenant_id = :tenantId and cluster.id = :clusterId`,
);

@Injectable()
export class StoredReleaseFacts extends ReleaseFacts {
  statements(open: OpenContext, asked: readonly StatementKey[]): Promise<StatementRow[]> {
    return open.tx.query(readStatements, {
      tenantId: open.tenantId,
      nodeIds: asked.map(({ nodeId }) => nodeId),
      revisions: asked.map(({ after }) => after),
    });
  }

  running(open: OpenContext, clusterId: string, moduleId: string): Promise<RunningPair[]> {
    return open.tx.query(readRunning, {
      tenantId: open.tenantId,
      clusterId,
      moduleId,
      downCodes: DOWN_CODES,
      passingCodes: PASSING_CODES,
    });
  }

  artifactFor(
    open: OpenContext,
    nodeId: string,
    artifactDigest: string,
  ): Promise<NodeArtifact | undefined> {
    return open.tx.first(findArtifact, { tenantId: open.tenantId, nodeId, artifactDigest });
  }

  told(open: OpenContext, clusterId: string, releaseIds: readonly string[]) {
    return open.tx.query(readTold, { tenantId: open.tenantId, clusterId, releaseIds });
  }
}
