-- Of the two streams of one thing the journal's stays.
delete from outbox e where e.stream_kind = 'events' and exists (
  select 1 from outbox j where j.consumer = e.consumer and j.tenant_id = e.tenant_id
    and j.stream_id = e.stream_id and j.stream_kind = 'journal');
alter table outbox drop constraint outbox_pkey;
alter table outbox add primary key (consumer, tenant_id, stream_id);
