-- Where a tenant's audit log goes by itself, in the order of its sequence.
create table audit_streams (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  name_key text not null,
  url text not null,
  format text not null check (format in ('ocsf', 'tidegate')),
  -- Null: all of them.
  categories text[],
  is_paused boolean not null default false,
  -- What the receiver asks for as `Authorization`.
  sealed_authorization text,
  sealed_signing text not null,
  -- The one before signs as well until then.
  sealed_signing_before text,
  signing_before_until timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key),
  foreign key (tenant_id) references tenants (id),
  check ((sealed_signing_before is null) = (signing_before_until is null))
);

-- How far each has come. Narrow and hot: who sends leases one, and moves it on by compare-and-set.
create table audit_stream_positions (
  tenant_id uuid not null,
  stream_id uuid not null,
  -- The first that nobody has looked at; all before it are sent, or of no category that is wanted.
  position bigint not null check (position >= 0),
  -- The first that the receiver has not heard of: where its next delivery begins.
  acknowledged bigint not null check (acknowledged >= 0),
  -- Null: it is paused.
  due_at timestamptz,
  lease uuid,
  lease_until timestamptz,
  -- Attempts in vain since the last that was taken.
  failures integer not null default 0,
  last_error text,
  delivered_at timestamptz,
  -- Since when it has not caught up with the log, and whether that has been told.
  behind_since timestamptz,
  told_at timestamptz,
  primary key (tenant_id, stream_id),
  foreign key (tenant_id, stream_id) references audit_streams (tenant_id, id),
  check (acknowledged <= position)
) with (fillfactor = 70);
create index audit_stream_positions_due on audit_stream_positions (due_at) where due_at is not null;

do $$
declare
  name text;
begin
  foreach name in array array['audit_streams', 'audit_stream_positions']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to tidegate_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
    execute format('grant select, insert, update, delete on %I to tidegate_app', name);
  end loop;
end $$;
-- Who sends looks for what is due in all tenants; what is sent, and where, it reads in the tenant's own name.
create policy system on audit_stream_positions to tidegate_system using (true) with check (true);
grant select, update on audit_stream_positions to tidegate_system;
