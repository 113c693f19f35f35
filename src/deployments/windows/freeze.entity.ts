import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { FreezeScope, FreezeTimes } from './freeze.js';
import type { StartVerb } from './start-guards.js';

/** A row of `freezes`. */
@Entity('freezes')
export class FreezeEntity implements FreezeScope, FreezeTimes {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly reason: string;

  @Column('text', { array: true })
  readonly environmentKeys: string[];

  @Column('text', { array: true })
  readonly environments: string[];

  @Column('text', { array: true })
  readonly modules: string[];

  @Column('jsonb')
  readonly labels: Record<string, string>;

  @Column('text', { array: true })
  readonly verbs: StartVerb[];

  @Column('text')
  readonly kind: FreezeTimes['kind'];

  @Column('timestamptz')
  readonly startsAt: Date;

  @Column('timestamptz', { nullable: true })
  readonly endsAt: Date | null;

  @Column('text', { nullable: true })
  readonly rule: string | null;

  @Column('text', { nullable: true })
  readonly localStart: string | null;

  @Column('text', { nullable: true })
  readonly duration: string | null;

  @Column('text', { nullable: true })
  readonly timeZone: string | null;

  @Column('text')
  readonly createdBy: string;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;

  @Column('timestamptz')
  readonly changedAt: Date;
}
