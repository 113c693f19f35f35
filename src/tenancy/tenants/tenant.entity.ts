import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { QuotaOverrides } from '../tiers/tier.js';
import type { TenantStatus } from './tenant.js';

/** A row of `tenants`, as what is decided about it changes it; a purged one stays, with its slug. */
@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly slug: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly status: TenantStatus;

  @Column('text')
  readonly tier: string;

  @Column('jsonb')
  readonly quotaOverrides: QuotaOverrides;

  @Column('timestamptz', { nullable: true })
  readonly suspendedAt: Date | null;

  @Column('text', { nullable: true })
  readonly suspendedReason: string | null;

  @Column('timestamptz', { nullable: true })
  readonly deletedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly restorableUntil: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly purgeBeganAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly provisionedAt: Date | null;

  @Column('text', { nullable: true })
  readonly creationKey: string | null;

  @Column('text', { nullable: true })
  readonly creationDigest: string | null;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
