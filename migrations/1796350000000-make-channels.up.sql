-- Where people are told, what is on its way there, and what came of each attempt.
create table channels (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  name_key text not null,
  kind text not null,
  params jsonb not null,
  -- Where it leads, as far as that may be shown.
  place text,
  sealed_secrets text not null,
  sealed_signing text,
  -- The one before signs as well until then.
  sealed_signing_before text,
  signing_before_until timestamptz,
  is_enabled boolean not null default true,
  disabled_why text check (disabled_why in ('by-hand', 'gone')),
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key),
  foreign key (tenant_id) references tenants (id),
  check (is_enabled = (disabled_why is null)),
  check ((sealed_signing_before is null) = (signing_before_until is null))
);

-- What is told in order: a subscription's share of a channel, or the channel's own. Narrow and hot: the
-- sender leases one, and so sends one delivery of it at a time.
create table delivery_lanes (
  tenant_id uuid not null,
  channel_id uuid not null,
  lane_id uuid not null,
  last_seq bigint not null,
  -- When its first delivery may be tried; null while nothing waits.
  due_at timestamptz,
  lease uuid,
  lease_until timestamptz,
  -- Attempts in vain with the first one that waits.
  failures integer not null default 0,
  primary key (tenant_id, channel_id, lane_id)
) with (fillfactor = 70);
create index delivery_lanes_due on delivery_lanes (due_at) where due_at is not null;

create table deliveries (
  tenant_id uuid not null,
  id uuid not null,
  channel_id uuid not null,
  lane_id uuid not null,
  seq bigint not null,
  subscription_id uuid,
  -- The same event is on its way once in each lane.
  event_key text not null,
  event_name text not null,
  recipient text,
  message_text text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
  -- Why it is dead, or was not taken the last time.
  reason text,
  attempts integer not null default 0,
  redeliveries integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  -- Since when it waits: anew with each redelivery.
  queued_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  primary key (tenant_id, id),
  check ((state = 'waiting') = (done_at is null))
);
create unique index deliveries_by_event on deliveries
  (tenant_id, channel_id, lane_id, event_key, (coalesce(recipient, '')));
create index deliveries_by_lane on deliveries (tenant_id, channel_id, lane_id, seq) where state = 'waiting';
create index deliveries_by_channel on deliveries (tenant_id, channel_id, id);
create index deliveries_by_state on deliveries (tenant_id, state, id);
create index deliveries_by_name on deliveries (tenant_id, event_name, id);
create index deliveries_by_wait on deliveries (queued_at) where state = 'waiting';
create index deliveries_by_done on deliveries (done_at) where state <> 'waiting';

create table delivery_attempts (
  tenant_id uuid not null,
  delivery_id uuid not null,
  number integer not null,
  at timestamptz not null,
  duration_ms integer not null,
  outcome text not null check (outcome in ('taken', 'later', 'refused', 'gone')),
  status integer,
  reason text,
  answer text not null,
  primary key (tenant_id, delivery_id, number),
  foreign key (tenant_id, delivery_id) references deliveries (tenant_id, id)
);

alter table channels enable row level security;
alter table channels force row level security;
create policy tenant on channels to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on channels to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on channels to tidegate_app;
grant select, insert, update, delete on channels to tidegate_backfill;

alter table delivery_lanes enable row level security;
alter table delivery_lanes force row level security;
create policy tenant on delivery_lanes to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on delivery_lanes to tidegate_system using (true) with check (true);
create policy backfill on delivery_lanes to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on delivery_lanes to tidegate_app;
grant select, update, delete on delivery_lanes to tidegate_system;
grant select, insert, update, delete on delivery_lanes to tidegate_backfill;

-- The system's role schedules and purges: it sees when and whose, never what is said.
alter table deliveries enable row level security;
alter table deliveries force row level security;
create policy tenant on deliveries to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on deliveries to tidegate_system using (true) with check (true);
create policy backfill on deliveries to tidegate_backfill using (true) with check (true);
grant select, insert, update on deliveries to tidegate_app;
grant select (tenant_id, id, channel_id, lane_id, state, queued_at, done_at), delete on deliveries
  to tidegate_system;
grant select, insert, update, delete on deliveries to tidegate_backfill;

alter table delivery_attempts enable row level security;
alter table delivery_attempts force row level security;
create policy tenant on delivery_attempts to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on delivery_attempts to tidegate_system using (true) with check (true);
create policy backfill on delivery_attempts to tidegate_backfill using (true) with check (true);
grant select, insert on delivery_attempts to tidegate_app;
grant select (tenant_id, delivery_id), delete on delivery_attempts to tidegate_system;
grant select, insert, update, delete on delivery_attempts to tidegate_backfill;
