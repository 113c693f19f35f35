drop table failure_logs;
