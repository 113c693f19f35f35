drop table quota_counters;
