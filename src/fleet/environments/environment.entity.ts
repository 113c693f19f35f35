import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { Environment, EnvironmentRules } from './environment.js';

/** A row of `environments`. Its rules are those of environments.dto.ts, or it does not compile. */
@Entity('environments')
export class EnvironmentEntity implements Environment {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly name: string;

  /** As environmentKey makes it: names are told apart by it. */
  @Column('text')
  readonly nameKey: string;

  @Column('jsonb')
  readonly defaults: EnvironmentRules['defaults'];

  @Column('text', { array: true })
  readonly allowedStrategies: EnvironmentRules['allowedStrategies'];

  @Column('text')
  readonly signaturePolicy: EnvironmentRules['signaturePolicy'];

  @Column('text')
  readonly onConflict: EnvironmentRules['onConflict'];

  @Column('integer', { nullable: true })
  readonly maxInFlight: EnvironmentRules['maxInFlight'];

  @Column('jsonb')
  readonly labels: EnvironmentRules['labels'];

  /** Kept by whoever keeps the policies, not by its rules. */
  @Column('boolean')
  readonly hasApprovalPolicies: boolean;

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
