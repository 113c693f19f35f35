import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { ApprovalRule } from '../rule.js';
import type { ApprovalPolicyRules } from './approval-policy.js';

/** A row of `approval_policies`: where it counts, and what it asks for. */
@Entity('approval_policies')
export class ApprovalPolicyEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly nameKey: string;

  @Column('text')
  readonly description: string;

  @Column('uuid', { nullable: true })
  readonly environmentId: string | null;

  @Column('text', { array: true, nullable: true })
  readonly modules: ApprovalPolicyRules['modules'];

  @Column('jsonb')
  readonly labels: ApprovalPolicyRules['labels'];

  @Column('text', { array: true, nullable: true })
  readonly strategies: ApprovalPolicyRules['strategies'];

  @Column('text')
  readonly kind: ApprovalRule['kind'];

  /** With ids, where somebody may have said names. */
  @Column('jsonb')
  readonly approvers: ApprovalRule['approvers'];

  @Column('integer')
  readonly quorum: number;

  @Column('jsonb', { nullable: true })
  readonly distinctGroups: ApprovalRule['distinctGroups'];

  @Column('text', { array: true })
  readonly bars: ApprovalRule['bars'];

  @Column('integer', { nullable: true })
  readonly decisionValidMs: number | null;

  @Column('integer')
  readonly timeoutMs: number;

  @Column('boolean')
  readonly reasonRequired: boolean;

  @Column('boolean')
  readonly passkeyRequired: boolean;

  @Column('uuid', { nullable: true })
  readonly externalGateId: string | null;

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
