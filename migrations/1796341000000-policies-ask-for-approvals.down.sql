alter table configurations drop column created_by_person;
alter table releases drop column created_by_person;
alter table environments drop column has_approval_policies;
drop table approval_policies;
