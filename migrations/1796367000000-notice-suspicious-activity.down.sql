drop table suspicions;
drop table suspicion_signals;
