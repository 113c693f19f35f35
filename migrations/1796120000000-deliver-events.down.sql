set local role tidegate_backfill;
delete from outbox where stream_kind <> 'journal';
reset role;
alter table outbox drop column stream_kind;
drop table events;
drop table event_streams;
