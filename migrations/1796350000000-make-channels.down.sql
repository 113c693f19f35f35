drop table delivery_attempts;
drop table deliveries;
drop table delivery_lanes;
drop table channels;
