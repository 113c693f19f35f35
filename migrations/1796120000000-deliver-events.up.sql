-- What happened to a thing that has no journal: a node, a key, a tenant. For whoever must hear of it,
-- in order for each thing; its sequence is counted in a row of its own, so that old events may go.
create table event_streams (
  tenant_id uuid not null,
  stream_id uuid not null,
  last_seq integer not null,
  primary key (tenant_id, stream_id)
);
create table events (
  tenant_id uuid not null,
  stream_id uuid not null,
  seq integer not null,
  at timestamptz not null default clock_timestamp(),
  name text not null,
  subject_kind text not null,
  actor text not null,
  request_id text,
  result text not null check (result in ('allowed', 'denied', 'failed')),
  body_text text not null,
  primary key (tenant_id, stream_id, seq)
);
create index events_by_age on events (at);

-- A process of the version before knows journals only.
alter table outbox add column stream_kind text not null default 'journal'
  check (stream_kind in ('journal', 'events'));

do $$
declare
  name text;
begin
  foreach name in array array['event_streams', 'events'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to tidegate_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)',
      name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
  end loop;
end $$;
-- The purge of what every consumer has got.
create policy system on events to tidegate_system using (true) with check (true);

grant select, insert, update on event_streams to tidegate_app;
grant select, insert on events to tidegate_app;
grant select (tenant_id, stream_id, seq, at), delete on events to tidegate_system;
