-- Plans, journals and signals of runs of any kind, as `runs` has been from the beginning. A process of
-- the version before names no kind, and has deployments only. A run of another kind has no row in
-- `deployments`; its id is its own all the same, so the primary keys stay as they are.

-- In the order in which everybody locks them, so that none of these waits with one of them in hand.
lock table deployments, plans, journal, signals in access exclusive mode;

alter table plans add column run_kind text not null default 'deployment',
  drop constraint plans_tenant_id_deployment_id_fkey;
alter table journal add column run_kind text not null default 'deployment',
  drop constraint journal_tenant_id_deployment_id_fkey;
alter table signals add column run_kind text not null default 'deployment',
  drop constraint signals_tenant_id_deployment_id_fkey;
