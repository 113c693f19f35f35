/**
 * What each node of a cluster runs of a module, and whether that is down there: node_id, release_id,
 * configuration_id, down. Fragment: :tenantId, :clusterId, :moduleId, :downCodes (of a node whose
 * release is down), :passingCodes (that say nothing against a release).
 *
 * The node's own word counts: what it runs, and what should run there and is down. Only before it has
 * said anything, while it is still starting its first release, or between two starts of one that
 * crashes, what is desired stands in: an undo must not take away for good what was down for an hour.
 * Of two releases the one that is well, then the one with more traffic.
 */
export const RUNNING_PAIRS = `
  select node.id as node_id, pair.release_id, pair.configuration_id, pair.down
  from nodes node
  left join desired_modules desired
    on desired.tenant_id = :tenantId and desired.node_id = node.id and desired.module_id = :moduleId
  left join observed_modules seen
    on seen.tenant_id = :tenantId and seen.node_id = node.id and seen.module_id = :moduleId
  cross join lateral (
    select coalesce(desired.releases, '[]') as wanted, coalesce(seen.down, '[]') as down,
      coalesce((
        select jsonb_agg(item) from jsonb_array_elements(seen.running) as item
        where not exists (
          select 1 from jsonb_array_elements(seen.down) as other where ${isSamePair('other')})
      ), '[]') as running,
      case when seen.state = 'failed' and seen.generation = desired.generation
        and seen.reason ->> 'code' = any(:downCodes) then seen.reason ->> 'code' end as code
  ) as said
  left join lateral (
    select (item ->> 'releaseId')::uuid as release_id,
      (item ->> 'configurationId')::uuid as configuration_id, share.percent,
      case when code <> all(:passingCodes) then code end as down
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
    order by coalesce(code <> all(:passingCodes), false), coalesce(share.percent, 0) desc
    limit 1
  ) as pair on true
  where node.tenant_id = :tenantId and node.cluster_id = :clusterId and node.revoked_at is null`;

function isSamePair(other: string): string {
  return `${other} ->> 'releaseId' = item ->> 'releaseId'
        and ${other} ->> 'configurationId' is not distinct from item ->> 'configurationId'`;
}
