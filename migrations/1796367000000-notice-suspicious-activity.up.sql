-- What looks like an attack when it comes often: counted by the minute, and forgotten after a day.
create table suspicion_signals (
  tenant_id uuid not null,
  kind text not null check (length(kind) <= 40),
  -- Whom or what it is about: an account, a network, a key.
  who text not null check (length(who) <= 200),
  -- From where, or nothing.
  place text not null check (length(place) <= 100),
  minute timestamptz not null,
  times integer not null,
  primary key (tenant_id, kind, who, minute, place)
);
create index suspicion_signals_by_age on suspicion_signals (minute);

-- What was said last of each: once in its window.
create table suspicions (
  tenant_id uuid not null,
  kind text not null check (length(kind) <= 40),
  who text not null check (length(who) <= 200),
  detected_at timestamptz not null,
  primary key (tenant_id, kind, who)
);
create index suspicions_by_age on suspicions (detected_at);

do $$ declare name text; begin
  foreach name in array array['suspicion_signals', 'suspicions'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I to tidegate_app
      using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
      with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))', name);
    execute format('create policy system on %I to tidegate_system using (true) with check (true)', name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
    execute format('grant select, insert, update on %I to tidegate_app', name);
    execute format('grant select, delete on %I to tidegate_system', name);
  end loop; end $$;
