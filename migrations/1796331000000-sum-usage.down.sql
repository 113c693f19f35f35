revoke select (tenant_id, created_at) on deployments from tidegate_system;
drop policy system on deployments;
drop table usage_days;
