revoke update (source) on memberships from tidegate_app;
drop table directory_group_members;
drop table directory_users;
drop table directory_tokens;
