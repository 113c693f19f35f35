alter table identity_providers drop column emergency;
alter table identity_providers drop column is_required;
