update environments set on_conflict = 'queue' where on_conflict = 'inherit';
alter table environments drop constraint environments_on_conflict_check;
alter table environments add constraint environments_on_conflict_check
  check (on_conflict in ('queue', 'supersede', 'reject'));
