create or replace function tidegate_ensure_partitions(reference timestamptz default clock_timestamp())
returns integer language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  spec record;
  step integer;
  lower_bound timestamptz;
  upper_bound timestamptz;
  partition_name text;
  made integer := 0;
begin
  for spec in
    select * from (values
      ('node_metrics', 'hour', interval '1 hour'),
      ('gate_samples', 'day', interval '1 day'),
      ('audit_entries', 'month', interval '1 month')
    ) as t(parent, unit, width)
  loop
    for step in 0..3 loop
      lower_bound := date_trunc(spec.unit, reference at time zone 'UTC') at time zone 'UTC';
      lower_bound := (lower_bound at time zone 'UTC' + step * spec.width) at time zone 'UTC';
      upper_bound := (lower_bound at time zone 'UTC' + spec.width) at time zone 'UTC';
      partition_name := spec.parent || to_char(lower_bound at time zone 'UTC', '_YYYYMMDD_HH24');
      if to_regclass('public.' || partition_name) is null then
        execute format('create table public.%I partition of public.%I for values from (%L) to (%L)',
          partition_name, spec.parent, lower_bound, upper_bound);
        execute format('alter table public.%I enable row level security', partition_name);
        execute format('alter table public.%I force row level security', partition_name);
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
do $$
declare
  child regclass;
begin
  for child in select inhrelid::regclass from pg_inherits where inhparent = 'audit_entries'::regclass
  loop
    execute format('drop trigger never_emptied on %s', child);
  end loop;
end $$;
drop trigger never_emptied on audit_entries;
drop trigger append_only on audit_entries;
drop function tidegate_append_only();
grant update on audit_entries to tidegate_backfill;
drop index audit_entries_by_category, audit_entries_by_action, audit_entries_by_actor,
  audit_entries_by_subject, audit_entries_by_deployment, audit_entries_by_trace;
drop index audit_pending_unhashed;
alter table audit_pending drop column leaf_hash;
alter table audit_entries
  drop column format_version, drop column actor_kind, drop column actor_id, drop column acting_for,
  drop column source_address, drop column user_agent, drop column trace_id, drop column release_id,
  drop column deployment_id, drop column salts_text;
