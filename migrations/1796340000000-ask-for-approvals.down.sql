drop table approval_decisions;
drop table approval_requests;
alter table deployments drop column requested_by_person;
