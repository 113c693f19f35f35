import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { ClusterRules } from './cluster.js';

/**
 * A row of `clusters`: a set of nodes, or a place of another sort, that a deployment goes to as a
 * whole. Its rules are those of clusters.dto.ts, or it does not compile.
 */
@Entity('clusters')
export class ClusterEntity implements ClusterRules {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('uuid')
  readonly environmentId: string;

  @Column('text')
  readonly name: string;

  /** An entry of drivers/targets/targets.ts. */
  @Column('text')
  readonly targetKind: string;

  @Column('integer')
  readonly minAvailable: ClusterRules['minAvailable'];

  @Column('integer', { nullable: true })
  readonly maxInFlight: ClusterRules['maxInFlight'];

  /** One spelling each, and each once. */
  @Column('text', { array: true })
  readonly trustedProxies: ClusterRules['trustedProxies'];

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
