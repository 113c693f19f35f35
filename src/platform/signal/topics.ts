/** The topics of Signal: what the id beside each of them names. */
export const Topic = {
  /** A node's desired state: node id. */
  Desired: 'desired',
  /** A deployment's journal or status: deployment id. */
  Deployment: 'deployment',
  /** A gate's latest reading: deployment id. */
  Gate: 'gate',
  /** A journal that consumers of the outbox have not got yet: its deployment's id. */
  Outbox: 'outbox',
  /** Messages that wait to be sent: their channel's id. */
  Delivery: 'delivery',
  /** What is decided about a tenant, or a tier: the tenant's id, or `tiers`. */
  Tenant: 'tenant',
} as const;

export type TopicName = (typeof Topic)[keyof typeof Topic];
