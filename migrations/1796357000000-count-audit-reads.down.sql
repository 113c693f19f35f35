drop table audit_reads;
