/**
 * The shape of the schema `public` as the catalogue tells it: one entry for each table, column, constraint,
 * index, policy, function, trigger and grant. Left out is what differs without meaning anything: the
 * order of columns, partitions that come and go with time, the record of migrations itself, and grants to
 * roles that are not Tidegate's.
 */
import { checksumsTable, namesTable, type Ask } from './migration-record.js';

/** From what it is ("column runs.gate") to how it is ("json not null"). */
export type Shape = ReadonlyMap<string, string>;

const SHAPE_SQL = `
with relation as (
  select c.* from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and not (c.relispartition and c.relname ~ '_\\d{8}_\\d{2}$')
    and c.relname !~ '^(${namesTable}|${checksumsTable})(_|$)'
    and not exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
),
routine as (
  select p.* from pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.prokind in ('f', 'p')
    and not exists (select from pg_depend d
      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
),
granted as (
  select 'table ' || r.relname as what, r.relowner as owner, a.* from relation r,
    aclexplode(r.relacl) a
  union all
  select 'column ' || r.relname || '.' || t.attname, r.relowner, a.*
    from relation r join pg_attribute t on t.attrelid = r.oid and t.attnum > 0, aclexplode(t.attacl) a
  union all
  select 'function ' || f.proname, f.proowner, a.* from routine f,
    aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
  union all
  select 'schema public', n.nspowner, a.* from pg_namespace n, aclexplode(n.nspacl) a
    where n.nspname = 'public' and a.grantee <> 0
)
select 'table ' || relname as what,
  concat_ws(' ', relkind::text, case when relkind = 'p' then pg_get_partkeydef(oid) end,
    case when relrowsecurity then 'row security' end,
    case when relforcerowsecurity then 'forced' end,
    case when relkind in ('v', 'm') then pg_get_viewdef(oid) end,
    reloptions::text) as how
from relation
union all
select 'column ' || r.relname || '.' || a.attname,
  concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
    'default ' || pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity, ''), nullif(a.attgenerated, ''),
    case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation end)
from relation r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
where r.relkind <> 'S'
union all
-- Since PostgreSQL 18 NOT NULL is a constraint, too; the column says it on every version.
select 'constraint ' || r.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
from relation r join pg_constraint k on k.conrelid = r.oid and k.contype <> 'n'
union all
select 'index ' || r.relname || '.' || i.relname, pg_get_indexdef(i.oid) || case when x.indisvalid then '' else ' invalid' end
from relation r join pg_index x on x.indrelid = r.oid join pg_class i on i.oid = x.indexrelid
union all
select 'policy ' || p.tablename || '.' || p.policyname,
  concat_ws(' ', p.permissive, p.cmd, p.roles::text, 'using ' || p.qual, 'check ' || p.with_check)
from pg_policies p join relation r on r.relname = p.tablename where p.schemaname = 'public'
union all
select 'trigger ' || r.relname || '.' || g.tgname, pg_get_triggerdef(g.oid)
from relation r join pg_trigger g on g.tgrelid = r.oid and not g.tgisinternal
union all
select 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ')',
  pg_get_functiondef(oid) from routine
union all
select 'type ' || t.typname, t.typtype::text || ' ' || coalesce((
    select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
    format_type(t.typbasetype, t.typtypmod))
from pg_type t where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
union all
select 'grant on ' || what || ' to ' || coalesce(g.rolname, 'public'),
  string_agg(privilege_type || case when is_grantable then ' with grant option' else '' end, ', '
    order by privilege_type)
from granted left join pg_roles g on g.oid = grantee
where grantee <> owner and (grantee = 0 or g.rolname ~ '^tidegate_')
group by what, g.rolname`;

export async function shapeOf(ask: Ask): Promise<Shape> {
  const rows = await ask<{ what: string; how: string }>(SHAPE_SQL);
  return new Map(rows.map(({ what, how }) => [what, how.replaceAll('\r\n', '\n')]));
}

export interface Difference {
  readonly what: string;
  /** Undefined: it is not there. */
  readonly is: string | undefined;
  readonly wanted: string | undefined;
}

/** What a lost or unknown table consists of is not told one by one. */
export function differencesOf(present: Shape, wanted: Shape): Difference[] {
  const all = [...new Set([...wanted.keys(), ...present.keys()])].map((what) => ({
    what,
    is: present.get(what),
    wanted: wanted.get(what),
  }));
  const different = all.filter((each) => each.is !== each.wanted);
  const tables = different
    .filter(({ what, is, wanted: other }) => /^table /.test(what) && (!is || !other))
    .map(({ what }) => what.slice('table '.length));
  return different.filter(({ what }) => !tables.some((table) => isPartOf(what, table)));
}

function isPartOf(what: string, table: string): boolean {
  return (
    what.startsWith(`column ${table}.`) ||
    what.startsWith(`constraint ${table}.`) ||
    what.startsWith(`index ${table}.`) ||
    what.startsWith(`policy ${table}.`) ||
    what.startsWith(`trigger ${table}.`) ||
    what.startsWith(`grant on table ${table} `) ||
    what.startsWith(`grant on column ${table}.`)
  );
}

export function inWords({ what, is, wanted }: Difference): string {
  if (is === undefined) return `${what} is missing`;
  if (wanted === undefined) return `${what} should not be there`;
  return `${what} is "${shortened(is)}" instead of "${shortened(wanted)}"`;
}

/** A function is told by its name; its body would be all there is to see. */
function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
