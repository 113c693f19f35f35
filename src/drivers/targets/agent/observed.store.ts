/**
 * The table `observed_modules`: what nodes say that they run. Written with each report (reports.store.ts), of
 * which these are the parts about it.
 */

/** What cannot be: a generation that nobody was told, or a release of another module. */
export interface RefusedRow {
  readonly moduleId: string;
  readonly module: string;
  readonly generation: string;
}

/**
 * What is reported of each module, and whether it can be. Fragment, over `presence`. Unknown modules are left
 * out: the node may still know one that a restored backup does not. What is above the drivers, modules and
 * releases, is read here all the same: each report asks this, and a question before it would cost each
 * report a statement.
 */
export const JUDGE_OBSERVED = `
    select item.*, module.name,
      item.generation > coalesce(desired.generation, 0) + :ahead::bigint
        or exists (
          select from jsonb_array_elements(item.running || coalesce(item.down, '[]')) as one
          join releases release
            on release.tenant_id = :tenantId and release.id = (one ->> 'releaseId')::uuid
          where release.module_id <> item."moduleId") as is_refused
    from jsonb_to_recordset(:observed::jsonb) as item ("moduleId" uuid, generation bigint, state text,
      running jsonb, reason jsonb, down jsonb, endpoints jsonb)
    join modules module on module.tenant_id = :tenantId and module.id = item."moduleId"
    left join desired_modules desired on desired.tenant_id = :tenantId and desired.node_id = :nodeId
      and desired.module_id = item."moduleId"
    where exists (select from presence)`;

/** Writes only what differs and can be. Fragment, over `judged`, the rows of the one above. */
export const WRITE_OBSERVED = `
    insert into observed_modules as own
      (tenant_id, node_id, module_id, generation, state, running, reason, down, endpoints)
    select :tenantId, :nodeId, "moduleId", generation, state, running, reason, coalesce(down, '[]'), endpoints
    from judged where not is_refused
    order by "moduleId"
    on conflict (tenant_id, node_id, module_id) do update set
      generation = excluded.generation, state = excluded.state, running = excluded.running,
      reason = excluded.reason, down = excluded.down, endpoints = excluded.endpoints,
      at = clock_timestamp()
    where (own.generation, own.state, own.running, own.reason, own.down, own.endpoints)
      is distinct from (excluded.generation, excluded.state, excluded.running, excluded.reason,
        excluded.down, excluded.endpoints)
    returning module_id`;
