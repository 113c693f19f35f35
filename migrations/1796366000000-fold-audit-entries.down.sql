drop table audit_folds;
