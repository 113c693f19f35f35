alter table observed_modules drop column down;
