drop index deployments_by_end;
