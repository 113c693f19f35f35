/**
 * Millions of audit entries, made by PostgreSQL itself: three months of many tenants, of which one has a good
 * part. Who does what is as lopsided as in life: the engine and a few people do most of it, each of them never
 * does most kinds of things, and some things happen hardly ever.
 */
import type { Rig } from '../engine/rig.js';

export interface Fill {
  /** Whose every `share`th entry is. */
  readonly tenantId: string;
  readonly others: readonly string[];
  readonly entries: number;
  /** Of the tenant: of so many entries one. */
  readonly share: number;
}

const DAYS = 90;
/** Rows of one statement. */
const ROWS = 500_000;

/** Of a thousand entries so many are of that actor, category and action. */
type Weight = readonly [count: number, actor: string, category: string, action: string];

const PEOPLE = Array.from({ length: 40 }, (_, at) => `person-${at}`);
const ofPeople: readonly Weight[] = PEOPLE.flatMap((name, at) => {
  const often = at === 0 ? 20 : at < 5 ? 4 : 1;
  return [
    [often, name, 'deployment', 'deployment-created'],
    [often, name, 'release', 'release-pushed'],
    [often, name, 'authentication', 'logged-in'],
    [1, name, 'approval', 'approval-approved'],
    [1, name, 'configuration', 'configuration-created'],
  ] as const;
});
const WEIGHTS: readonly Weight[] = [
  ...ofPeople,
  [350, 'system:engine', 'deployment', 'deployment-status-changed'],
  [50, 'system:engine', 'rollback', 'rollback-status-changed'],
  [100, 'key:ci', 'release', 'release-pushed'],
  [60, 'key:ci', 'deployment', 'deployment-created'],
  [90, 'key:fleet', 'node', 'node-cordoned'],
  [5, 'directory:okta', 'authorization', 'group-member-added'],
  [3, 'directory:okta', 'access', 'user-invited'],
];

/** The names and times that pages are asked for by. */
export const known = {
  busyActor: 'system:engine',
  busyPerson: 'person-0',
  quietActor: 'person-39',
  rareActor: 'person-rare',
  rareAction: 'break-glass-used',
  busyAction: 'release-pushed',
  nodeKey: 'key:fleet',
} as const;
/** Of so many entries one is the rare person's rare deed. */
const RARE = 499_979;

export async function fillEntries(rig: Rig, fill: Fill): Promise<void> {
  await rig.sql(
    `select tidegate_ensure_partitions(now() - step * interval '1 month') from generate_series(0, 4) step`,
  );
  const indexes = await rig.sql<{ name: string; definition: string }>(
    `select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = 'audit_entries'::regclass and not i.indisprimary`,
  );
  for (const { name } of indexes) await rig.sql(`drop index ${name}`);
  const slots = WEIGHTS.flatMap(([count, ...what]) => Array<string>(count).fill(what.join('|')));
  for (let from = 0; from < fill.entries; from += ROWS) {
    await rig.sql(INSERT, [
      from,
      Math.min(from + ROWS, fill.entries) - 1,
      fill.entries,
      fill.tenantId,
      fill.others,
      fill.share,
      slots,
    ]);
  }
  for (const { definition } of indexes) {
    await rig.sql(definition.replace(' ON ONLY ', ' ON '));
  }
  await rig.sql(
    `insert into audit_leaves (tenant_id, sequence, entry_id, at, leaf_hash)
     select tenant_id, row_number() over (order by at, id) - 1, id, at, decode(leaf_hash, 'hex')
     from audit_entries where tenant_id = $1`,
    [fill.tenantId],
  );
  await rig.sql('vacuum analyze audit_entries, audit_leaves');
}

/** Ids as the product makes them: the millisecond first. */
const INSERT = `
  with numbered as (
    select n, now() - interval '${DAYS} days' + (n + 1) * (interval '${DAYS} days' / $3::int) as at,
      random() as r, md5(n::text) as h, ($7::text[])[1 + floor(random() * cardinality($7::text[]))] as slot
    from generate_series($1::int, $2::int) n),
  described as (
    select n, at, r, h, lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') as ms,
      case when n % ${RARE} = 0 then '${known.rareActor}' else split_part(slot, '|', 1) end as actor,
      case when n % ${RARE} = 0 then 'approval' else split_part(slot, '|', 2) end as category,
      case when n % ${RARE} = 0 then '${known.rareAction}' else split_part(slot, '|', 3) end as action,
      -- Of one deployment about twelve entries, of one release some hundreds.
      left(md5('d' || n / 48), 20) as of_deployment, left(md5('r' || (r * 4000)::int), 20) as of_release
    from numbered)
  insert into audit_entries (at, id, tenant_id, category, action, actor, subject_kind, subject_id,
    request_id, result, body_text, leaf_hash, format_version, actor_kind, actor_id, source_address,
    user_agent, trace_id, release_id, deployment_id, salts_text)
  select date_trunc('milliseconds', at),
    (left(ms, 8) || '-' || substr(ms, 9) || '-7' || substr(h, 1, 3) || '-8' || substr(h, 4, 3) || '-' || substr(h, 7, 12))::uuid,
    case when n % $6::int = 0 then $4::uuid
      else ($5::uuid[])[1 + (n % cardinality($5::uuid[]))] end,
    category, action, actor, category,
    case when category in ('deployment', 'rollback', 'approval')
      then '0199a3c2-' || left(of_deployment, 4) || '-7000-8000-' || substr(of_deployment, 5, 12)
      else '0199a3c3-' || left(h, 4) || '-7000-8000-' || substr(h, 5, 12) end,
    '0199a3c2-' || left(h, 27),
    case when actor like 'system:%' or r < 0.985 then 'allowed' when r < 0.995 then 'denied' else 'failed' end,
    '{"after":{"module":"orders","version":"1.4.' || n % 100 || '"},"before":{"module":"orders"}}',
    md5(h) || h, 2, case when actor like 'system:%' then 'system' else 'user' end, '0199a3c2-7d1e-7000-8000-000000000001',
    case when actor not like 'system:%' then '192.0.2.' || n % 250 end,
    case when actor not like 'system:%' then 'tidegate/0.1.0' end,
    case when actor not like 'system:%' then h end,
    case when category in ('deployment', 'release', 'rollback')
      then ('0199a3c4-' || left(of_release, 4) || '-7000-8000-' || substr(of_release, 5, 12))::uuid end,
    case when category in ('deployment', 'rollback', 'approval')
      then ('0199a3c2-' || left(of_deployment, 4) || '-7000-8000-' || substr(of_deployment, 5, 12))::uuid end,
    '{"/actor/name":"' || h || '"}'
  from described`;
