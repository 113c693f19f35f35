import type { Rig } from './rig.js';

/** In an order in which each finds what it refers to. Nodes are left out: a key is of one of them alone. */
const TABLES = [
  ['memberships'],
  ['role_bindings'],
  ['environments'],
  ['clusters'],
  ['modules'],
  ['artifacts'],
  ['releases'],
  // Only of the deployments that are asked for.
  ['deployments', 'id'],
  ['plans', 'deployment_id'],
  ['journal', 'deployment_id'],
  ['runs', 'id'],
  ['deployment_slots'],
] as const;
/** Tenants per statement: each is one transaction of some hundred thousand rows. */
const AT_ONCE = 2_500;

/**
 * As many tenants with the very same rows: ids may be the same in several tenants, since every key leads
 * with the tenant's. Answers the ids of the new ones.
 */
export async function copyTenant(
  rig: Rig,
  from: { readonly id: string; readonly deployments: readonly string[] },
  count: number,
): Promise<string[]> {
  for (let start = 0; start < count; start += AT_ONCE) {
    const end = Math.min(start + AT_ONCE, count) - 1;
    await rig.sql(
      `insert into tenants (id, slug, name)
       select gen_random_uuid(), 'copy-' || i, 'copy ' || i from generate_series($1::int, $2::int) i`,
      [start, end],
    );
    for (const [table, column] of TABLES) {
      const only = column ? `r.${column} = any($4::uuid[])` : '$4::uuid[] is not null';
      const rows = await namesOf(rig, table);
      await rig.sql(
        `insert into ${table} (tenant_id, ${rows.join(', ')})
         select t.id, ${rows.map((name) => `r.${name}`).join(', ')} from ${table} r
         cross join generate_series($2::int, $3::int) i join tenants t on t.slug = 'copy-' || i
         where r.tenant_id = $1 and ${only}`,
        [from.id, start, end, from.deployments],
      );
    }
  }
  await rig.sql('analyze');
  const made = await rig.sql<{ id: string }>(`select id from tenants where slug like 'copy-%'`);
  return made.map(({ id }) => id);
}

async function namesOf(rig: Rig, table: string): Promise<string[]> {
  const columns = await rig.sql<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''
       and attname <> 'tenant_id'`,
    [table],
  );
  return columns.map(({ name }) => name);
}
