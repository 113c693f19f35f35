-- A thing that has a journal has events, too, each with a sequence of its own. Nobody consumed anything before.
alter table outbox drop constraint outbox_pkey;
alter table outbox add primary key (consumer, tenant_id, stream_kind, stream_id);
