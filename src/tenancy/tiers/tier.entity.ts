import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { Quotas, TierFacts } from './tier.js';

/** A row of `tiers`. Of the platform: read and written by the system's role. */
@Entity('tiers')
export class TierEntity implements TierFacts {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text')
  readonly name: string;

  @Column('jsonb')
  readonly quotas: Quotas;

  @Column('double precision')
  readonly rateMultiplier: number;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
