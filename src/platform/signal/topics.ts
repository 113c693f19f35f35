/** The topics of Signal: what the id beside each of them names. */
export const Topic = {
  /** A node's desired state: node id. */
  Desired: 'desired',
  /** A deployment's journal or status: deployment id. */
  Deployment: 'deployment',
} as const;
