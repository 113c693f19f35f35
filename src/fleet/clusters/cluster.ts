/** A set of nodes, or a place of another sort, that a deployment goes to as a whole. */
export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly environmentId: string;
  /** An entry of drivers/targets/targets.ts. */
  readonly targetKind: string;
  /** A rollout never lets fewer nodes serve than this. */
  readonly minAvailable: number;
  readonly version: number;
  readonly createdAt: Date;
}

export const CLUSTER_COLUMNS = `cluster.id, cluster.name, cluster.environment_id as "environmentId",
  cluster.target_kind as "targetKind", cluster.min_available as "minAvailable", cluster.version,
  cluster.created_at as "createdAt"`;
