drop function tidegate_drop_audit_month(date);
drop function tidegate_unarchived(date);
drop table audit_months;
drop table audit_archives;
