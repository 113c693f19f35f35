drop table platform_switch;
drop table kill_switches;
