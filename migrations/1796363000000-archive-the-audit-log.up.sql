-- What of each tenant's log lies in the object store, file by file: a row is written when the file has been
-- read back and verified. Its name says month and sequences; what is personal lies in a file beside it.
create table audit_archives (
  tenant_id uuid not null,
  month date not null check (month = date_trunc('month', month)),
  from_sequence bigint not null check (from_sequence >= 0),
  -- It ends right before this sequence, and its checkpoint is of this size.
  size bigint not null,
  -- Of this month: where months interleave in the log, some of the neighbour's are among them.
  entries integer not null check (entries > 0),
  first_at timestamptz not null,
  last_at timestamptz not null,
  digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'),
  bytes integer not null,
  -- That file may be replaced, when a person is erased: each has a version of its own in its name.
  personal_version integer not null default 1 check (personal_version > 0),
  personal_digest text not null check (personal_digest ~ '^sha256:[0-9a-f]{64}$'),
  personal_bytes integer not null,
  verified_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, month, from_sequence),
  check (size > from_sequence and entries <= size - from_sequence and last_at >= first_at)
);
create index audit_archives_by_sequence on audit_archives (tenant_id, size);
create index audit_archives_by_time on audit_archives (tenant_id, last_at);

alter table audit_archives enable row level security;
alter table audit_archives force row level security;
create policy tenant on audit_archives to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on audit_archives to tidegate_system using (true) with check (true);
create policy backfill on audit_archives to tidegate_backfill using (true) with check (true);
grant select, insert, delete on audit_archives to tidegate_backfill;
grant select on audit_archives to tidegate_app;
grant select, insert on audit_archives to tidegate_system;
grant update (personal_version, personal_digest, personal_bytes) on audit_archives to tidegate_system;

-- How far the months of the whole installation are: one process at a time is at one.
create table audit_months (
  month date primary key check (month = date_trunc('month', month)),
  lease_token uuid not null,
  lease_until timestamptz not null,
  failures integer not null default 0,
  next_try_at timestamptz not null default clock_timestamp(),
  -- Why it could not be done the last time.
  reason text,
  dropped_at timestamptz
);
grant select on audit_months to tidegate_app;
grant select, insert, update on audit_months to tidegate_system;

-- Where the entries of a month and what is archived of them are not one to one.
create function tidegate_unarchived(of_month date)
returns table (tenant uuid, held bigint, archived bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
  select coalesce(h.tenant_id, a.tenant_id), coalesce(h.entries, 0), coalesce(a.entries, 0)
  from (select tenant_id, count(*) as entries from public.audit_entries
      where at >= of_month::timestamp at time zone 'UTC'
        and at < (of_month + interval '1 month') at time zone 'UTC'
      group by tenant_id) h
  full join (select tenant_id, sum(entries) as entries from public.audit_archives
      where month = of_month group by tenant_id) a on a.tenant_id = h.tenant_id
  where h.entries is distinct from a.entries
$$;
grant create on schema public to tidegate_backfill;
alter function tidegate_unarchived(date) owner to tidegate_backfill;
revoke create on schema public from tidegate_backfill;
do $$
declare
  me constant text := current_user;
begin
  set local role tidegate_backfill;
  revoke all on function tidegate_unarchived(date) from public;
  execute format('grant execute on function tidegate_unarchived(date) to %I', me);
  reset role;
end $$;

-- Drops a month of entries, and refuses while one of them is not archived, whoever asks. Nothing can be
-- written into it from the count on; nobody waits for the count but who writes into that month.
create function tidegate_drop_audit_month(of_month date) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  partition constant text := 'audit_entries' || to_char(of_month, '_YYYYMMDD_00');
  wrong record;
begin
  if (of_month + interval '1 month') at time zone 'UTC' > clock_timestamp() - interval '7 days' then
    raise exception 'the month % is too young to be dropped', of_month;
  end if;
  if not exists (select 1 from pg_inherits where inhparent = 'public.audit_entries'::regclass
    and inhrelid = to_regclass('public.' || partition)) then
    raise exception 'there is no month % of entries', of_month;
  end if;
  execute format('lock table public.%I in share mode', partition);
  select * into wrong from public.tidegate_unarchived(of_month) limit 1;
  if found then
    raise exception 'the month % of tenant % has % entries, and % of them are archived',
      of_month, wrong.tenant, wrong.held, wrong.archived;
  end if;
  perform set_config('lock_timeout', '2s', true);
  execute format('drop table public.%I', partition);
end $$;
revoke execute on function tidegate_drop_audit_month(date) from public;
grant execute on function tidegate_drop_audit_month(date) to tidegate_system;
