/**
 * Each table has one owner: the folder whose `*.store.ts` alone write it. Read by whoever is on the same
 * floor or above; a lower floor is told by a port or an event. A new table gets a line here.
 */
export const tableOwners: Readonly<Record<string, string>> = {
  tenants: 'tenancy',
  tiers: 'tenancy',
  tenant_tasks: 'tenancy',
  tenant_resources: 'tenancy',
  tenant_looks: 'tenancy',
  users: 'tenancy',
  memberships: 'tenancy',
  groups: 'tenancy',
  group_members: 'tenancy',
  roles: 'tenancy',
  role_bindings: 'tenancy',
  service_accounts: 'tenancy',
  access_keys: 'tenancy',
  login_throttles: 'tenancy',
  token_signing_keys: 'tenancy',
  federated_identities: 'tenancy',
  used_subject_tokens: 'tenancy',
  user_factors: 'tenancy',
  answered_challenges: 'tenancy',
  tenant_security: 'tenancy',
  identity_providers: 'tenancy',
  claimed_domains: 'tenancy',
  verified_domains: 'tenancy',
  external_identities: 'tenancy',
  sign_in_answers: 'tenancy',
  quota_counters: 'tenancy',
  usage_days: 'tenancy',
  credentials: 'platform/credentials',
  mail_outbox: 'drivers/channels',
  environments: 'fleet',
  clusters: 'fleet',
  nodes: 'drivers/targets/agent',
  node_presence: 'drivers/targets/agent',
  desired_modules: 'drivers/targets/agent',
  observed_modules: 'drivers/targets/agent',
  module_targets: 'drivers/targets/agent',
  download_places: 'drivers/targets/agent',
  node_metrics: 'drivers/targets/agent',
  modules: 'releases',
  releases: 'releases',
  artifacts: 'releases',
  configurations: 'releases',
  signing_keys: 'releases',
  deployments: 'deployments',
  deployment_slots: 'deployments',
  gate_specs: 'deployments',
  gate_samples: 'deployments',
  gate_verdicts: 'deployments',
  runs: 'deployments/runs',
  journal: 'deployments/runs',
  plans: 'deployments/runs',
  signals: 'deployments/runs',
  outbox: 'platform/outbox',
  events: 'platform/outbox',
  event_streams: 'platform/outbox',
  audit_entries: 'platform/audit',
  audit_pending: 'platform/audit',
  audit_chain: 'platform/audit',
  idempotency_keys: 'platform/http',
  settings: 'platform/settings',
  setting_changes: 'platform/settings',
};

/**
 * Who mends what must never be. What is broken there lies between the tables of one floor (a slot whose
 * holder is over, a run that nobody wakes), and is found, locked and mended in one statement: it is
 * nobody's own, and stands with the invariant that it holds up.
 */
export const repairers: { readonly folder: string; readonly tables: readonly string[] } = {
  folder: 'src/deployments/reconciler/',
  tables: ['runs', 'deployments', 'deployment_slots'],
};

/** `src/` in import order, the highest floor first. */
export const floors = [
  'apps',
  'edges',
  'deployments',
  'releases',
  'fleet',
  'tenancy',
  'engine',
  'drivers',
  'agent',
  'platform',
  'kernel',
] as const;
