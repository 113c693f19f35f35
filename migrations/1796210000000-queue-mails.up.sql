-- Mails on their way: written by whoever has a reason for one, in his transaction, and sent by the worker.
-- What a mail says is sealed, since it may be a link that is as good as a password, and is taken away when
-- the mail is done with; what stays for a week is that there was one. `recipient` is a digest.
create table mail_outbox (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null,
  recipient text not null,
  sealed text,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed', 'dropped')),
  attempts integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  good_until timestamptz not null,
  done_at timestamptz,
  reason text,
  primary key (tenant_id, id),
  check ((state = 'waiting') = (sealed is not null)),
  check ((state = 'waiting') = (done_at is null))
);
create index mail_outbox_by_due on mail_outbox (due_at) where state = 'waiting';
create index mail_outbox_by_recipient on mail_outbox (recipient, created_at);
create index mail_outbox_by_tenant on mail_outbox (tenant_id, created_at);
create index mail_outbox_by_done on mail_outbox (done_at) where state <> 'waiting';

alter table mail_outbox enable row level security;
alter table mail_outbox force row level security;
create policy tenant on mail_outbox to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on mail_outbox to tidegate_system using (true) with check (true);
create policy backfill on mail_outbox to tidegate_backfill using (true) with check (true);

-- Nobody but the sender reads what is sealed.
grant insert, select (tenant_id, recipient, created_at) on mail_outbox to tidegate_app;
grant select, insert, update, delete on mail_outbox to tidegate_system;
grant select, insert, update, delete on mail_outbox to tidegate_backfill;
