/**
 * What each node of a cluster ($2) runs of a module ($3), and whether that is down there. $4: codes of
 * a node whose release is down; $5: codes that say nothing against a release.
 *
 * The node's own word counts: what it runs, and what should run there and is down. Only before it has
 * said anything, while it is still starting its first release, or between two starts of one that
 * crashes, what is desired stands in: an undo must not take away for good what was down for an hour.
 * Of two releases the one that is well, then the one with more traffic.
 */
export const RUNNING_SQL = `
  select node.id as "nodeId", pair.release_id as "releaseId",
    release.release_digest as "releaseDigest", pair.configuration_id as "configurationId",
    release.version, pair.down
  from nodes node
  left join desired_modules desired
    on desired.tenant_id = $1 and desired.node_id = node.id and desired.module_id = $3
  left join observed_modules seen
    on seen.tenant_id = $1 and seen.node_id = node.id and seen.module_id = $3
  cross join lateral (
    select coalesce(desired.releases, '[]') as wanted, coalesce(seen.down, '[]') as down,
      coalesce((
        select jsonb_agg(item) from jsonb_array_elements(seen.running) as item
        where not exists (
          select 1 from jsonb_array_elements(seen.down) as other where ${isSamePair('other')})
      ), '[]') as running,
      case when seen.state = 'failed' and seen.generation = desired.generation
        and seen.reason ->> 'code' = any($4) then seen.reason ->> 'code' end as code
  ) as said
  left join lateral (
    select (item ->> 'releaseId')::uuid as release_id,
      (item ->> 'configurationId')::uuid as configuration_id, share.percent,
      case when code <> all($5) then code end as down
    from jsonb_array_elements(case
      when seen.node_id is null or (said.running || said.down = '[]'
        and (seen.state = 'converging' or said.code is not null))
      then said.wanted else said.running || said.down end) as item
    left join lateral (
      select (other ->> 'trafficPercent')::int as percent, other ? 'isKept' as is_kept
      from jsonb_array_elements(said.wanted) as other where ${isSamePair('other')} limit 1
    ) as share on true
    cross join lateral (
      select coalesce(item ->> 'code', case when not coalesce(share.is_kept, false)
        then said.code end) as code
    ) as own
    order by coalesce(code <> all($5), false), coalesce(share.percent, 0) desc
    limit 1
  ) as pair on true
  left join releases release on release.tenant_id = $1 and release.id = pair.release_id
  where node.tenant_id = $1 and node.cluster_id = $2 and node.revoked_at is null
  order by node.id`;

function isSamePair(other: string): string {
  return `${other} ->> 'releaseId' = item ->> 'releaseId'
        and ${other} ->> 'configurationId' is not distinct from item ->> 'configurationId'`;
}
