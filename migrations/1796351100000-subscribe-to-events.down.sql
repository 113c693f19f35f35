drop table approval_reminders;
drop table notices;
drop table muted_notices;
drop table subscriptions;
