drop table setting_changes;
drop table settings;
drop sequence settings_revision;
