drop table target_holds;
