drop function tidegate_drop_old_partitions(timestamptz);
drop function tidegate_ensure_partitions(timestamptz);
drop table audit_chain, audit_pending, audit_entries, outbox, idempotency_keys, node_metrics,
  download_places, observed_modules, desired_modules, gate_verdicts, gate_samples, gate_specs, runs,
  signals, journal, plans,
  module_targets, deployment_slots, deployments, configurations, releases, artifacts, signing_keys,
  modules, node_presence, nodes, clusters, environments, credentials, login_throttles,
  memberships, users, tenants;
revoke select on migrations from tidegate_app;
revoke usage on schema public from tidegate_app, tidegate_system, tidegate_backfill;
