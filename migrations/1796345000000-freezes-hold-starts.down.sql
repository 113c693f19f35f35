drop table freeze_overrides;
drop table freezes;
