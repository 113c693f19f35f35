-- What ended since a moment, for those who follow all deployments and were away.
create index deployments_by_end on deployments (tenant_id, finished_at) where finished_at is not null;
