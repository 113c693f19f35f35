-- Who is to be erased from the log of a tenant, who asked for it, and who else agreed. Persons by their ids
-- only: a request must not keep what it takes away.
create table audit_erasures (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  reason text not null check (length(reason) <= 500),
  status text not null default 'requested' check (status in ('requested', 'confirmed', 'done', 'withdrawn')),
  requested_by uuid not null,
  requested_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  confirmed_by uuid,
  confirmed_at timestamptz,
  ended_by uuid,
  ended_at timestamptz,
  -- What stands in place of the person: random, and the same for all erasures of one person here.
  pseudonym text check (pseudonym ~ '^erased-person-[0-9a-f]{16}$'),
  -- What is looked for; found in the log itself, and gone when all of it is erased.
  names jsonb,
  phase text not null default 'names' check (phase in ('names', 'entries', 'tail')),
  cursor_at timestamptz not null default '-infinity',
  cursor_id uuid not null default '00000000-0000-0000-0000-000000000000',
  wake_at timestamptz,
  lease_until timestamptz,
  fence bigint not null default 0,
  entries_changed bigint not null default 0,
  values_erased bigint not null default 0,
  mentions bigint not null default 0,
  out_of_reach jsonb not null default '{}',
  version integer not null default 1,
  primary key (tenant_id, id),
  check (requested_by <> person_id and confirmed_by <> person_id and confirmed_by <> requested_by),
  check ((status in ('confirmed', 'done')) = (confirmed_by is not null and pseudonym is not null)),
  check ((confirmed_by is null) = (confirmed_at is null)),
  check ((status in ('done', 'withdrawn')) = (ended_at is not null)),
  check (names is null or status = 'confirmed')
);
create index audit_erasures_by_person on audit_erasures (tenant_id, person_id);
create index audit_erasures_due on audit_erasures (wake_at) where status = 'confirmed';

alter table audit_erasures enable row level security;
alter table audit_erasures force row level security;
create policy tenant on audit_erasures to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on audit_erasures to tidegate_system using (true) with check (true);
create policy backfill on audit_erasures to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on audit_erasures to tidegate_backfill;
grant select, insert on audit_erasures to tidegate_app;
grant update (status, confirmed_by, confirmed_at, ended_by, ended_at, pseudonym, wake_at, version)
  on audit_erasures to tidegate_app;
grant select, update on audit_erasures to tidegate_system;

-- Somebody's entries are found by their id, whatever they are called by now. Of a key it is who made it.
create index audit_entries_by_person on audit_entries
  (tenant_id, (coalesce(acting_for::text, actor_id)), at, id)
  where actor_kind in ('user', 'access-key');

create function tidegate_body_path(pointer text) returns text[]
language sql immutable set search_path = pg_catalog, public as $$
  select array(
    select replace(replace(part, '~1', '/'), '~0', '~')
    from unnest(string_to_array(pointer, '/')) with ordinality as p (part, place)
    where place > 2 order by place)
$$;

-- What a pointer of the salts points to, as the JSON text that its commitment is made of.
create function tidegate_personal_value(entry audit_entries, pointer text) returns text
language sql immutable set search_path = pg_catalog, public as $$
  select case pointer
    when '/actor/name' then to_json(entry.actor)::text
    when '/subject/id' then to_json(entry.subject_id)::text
    when '/sourceAddress' then to_json(entry.source_address)::text
    when '/userAgent' then to_json(entry.user_agent)::text
    else (entry.body_text::json #> tidegate_body_path(pointer))::text end
$$;

-- The same, but for texts that have become a pseudonym.
create function tidegate_is_pseudonymised(before jsonb, after jsonb, pseudonyms jsonb[]) returns boolean
language plpgsql immutable set search_path = pg_catalog, public as $$
begin
  if before = after or after = any (pseudonyms) then
    return true;
  elsif jsonb_typeof(before) = 'array' and jsonb_typeof(after) = 'array' then
    return jsonb_array_length(before) = jsonb_array_length(after) and not exists (
      select 1 from generate_series(0, jsonb_array_length(before) - 1) n
      where not tidegate_is_pseudonymised(before -> n, after -> n, pseudonyms));
  elsif jsonb_typeof(before) = 'object' and jsonb_typeof(after) = 'object' then
    return not exists (
      select 1 from jsonb_each(before) b full join jsonb_each(after) a using (key)
      where a.value is null or b.value is null
        or not tidegate_is_pseudonymised(b.value, a.value, pseudonyms));
  end if;
  return false;
end $$;

-- The one change that an entry may undergo, by whoever: a personal value becomes the pseudonym of an erasure
-- that two people have agreed to, and its salt the commitment that it has always had. So what is hashed of
-- the entry stays the same to the last byte.
create function tidegate_only_erasures() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
  personal constant text[] :=
    array['actor', 'source_address', 'user_agent', 'subject_id', 'body_text', 'salts_text'];
  before_salts jsonb;
  after_salts jsonb;
  before_rest jsonb;
  after_rest jsonb;
  pseudonyms jsonb[];
  pointer text;
  before_salt text;
  after_salt text;
  before_value text;
  after_value text;
begin
  if current_user <> 'tidegate_backfill' then
    raise exception '% is append-only: what is in the audit log stays as it is', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  before_salts := old.salts_text::jsonb;
  after_salts := new.salts_text::jsonb;
  before_rest := old.body_text::jsonb;
  after_rest := new.body_text::jsonb;
  pseudonyms := array(
    select distinct to_jsonb(e.pseudonym) from audit_erasures e
    where e.tenant_id = old.tenant_id and e.status = 'confirmed');
  if to_jsonb(old) - personal <> to_jsonb(new) - personal
    or (new.actor is distinct from old.actor and not before_salts ? '/actor/name')
    or (new.subject_id is distinct from old.subject_id and not before_salts ? '/subject/id')
    or (new.source_address is distinct from old.source_address and not before_salts ? '/sourceAddress')
    or (new.user_agent is distinct from old.user_agent and not before_salts ? '/userAgent')
    or exists (select 1 from jsonb_object_keys(before_salts) b (key)
      full join jsonb_object_keys(after_salts) a (key) using (key)
      where a.key is null or b.key is null)
  then
    raise exception 'only what is personal of an entry may be erased'
      using errcode = 'insufficient_privilege';
  end if;
  for pointer, before_salt in select key, value from jsonb_each_text(before_salts) loop
    after_salt := after_salts ->> pointer;
    before_value := coalesce(tidegate_personal_value(old, pointer), 'null');
    after_value := coalesce(tidegate_personal_value(new, pointer), 'null');
    if pointer like '/body/%' then
      before_rest := before_rest #- tidegate_body_path(pointer);
      after_rest := after_rest #- tidegate_body_path(pointer);
    end if;
    if after_salt is distinct from before_salt and (before_salt !~ '^[0-9a-f]{32}$'
      or after_salt is distinct from 'sha256:' || encode(
        sha256(decode(before_salt, 'hex') || convert_to(before_value, 'UTF8')), 'hex'))
    then
      raise exception 'what stands for % is not the commitment to what was there', pointer
        using errcode = 'insufficient_privilege';
    end if;
    if after_value <> before_value and (after_salt !~ '^sha256:'
      or not tidegate_is_pseudonymised(before_value::jsonb, after_value::jsonb, pseudonyms))
    then
      raise exception 'nobody has agreed that % becomes this', pointer
        using errcode = 'insufficient_privilege';
    end if;
  end loop;
  if before_rest <> after_rest then
    raise exception 'only what is personal of an entry may be erased'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
drop trigger append_only on audit_entries;
create trigger append_only before delete on audit_entries
  for each row execute function tidegate_append_only();
create trigger only_erased before update on audit_entries
  for each row execute function tidegate_only_erasures();

-- The one way there; how many entries were changed. Nobody but the worker may call it, and the trigger says
-- what of it is an erasure.
create function tidegate_erase_entries(tenant uuid, changes jsonb) returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  changed integer;
begin
  update public.audit_entries e set actor = c.actor, subject_id = c.subject_id,
    source_address = c.source_address, user_agent = c.user_agent, body_text = c.body_text,
    salts_text = c.salts_text
  from jsonb_to_recordset(changes) as c (id uuid, at timestamptz, actor text, subject_id text,
    source_address text, user_agent text, body_text text, salts_text text)
  where e.tenant_id = tenant and e.at = c.at and e.id = c.id;
  get diagnostics changed = row_count;
  return changed;
end $$;
grant update (actor, subject_id, source_address, user_agent, body_text, salts_text)
  on audit_entries to tidegate_backfill;
grant create on schema public to tidegate_backfill;
alter function tidegate_erase_entries(uuid, jsonb) owner to tidegate_backfill;
revoke create on schema public from tidegate_backfill;
set local role tidegate_backfill;
revoke all on function tidegate_erase_entries(uuid, jsonb) from public;
grant execute on function tidegate_erase_entries(uuid, jsonb) to tidegate_system;
reset role;

