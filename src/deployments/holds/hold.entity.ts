import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A row of `target_holds`. At most one of a target is open; those that were released stay. */
@Entity('target_holds')
export class HoldEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('uuid')
  readonly clusterId: string;

  @Column('uuid')
  readonly moduleId: string;

  @Column('uuid')
  readonly deploymentId: string;

  @Column('uuid')
  readonly rollbackId: string;

  @Column('text', { nullable: true })
  readonly reason: string | null;

  @Column('text')
  readonly placedBy: string;

  @Column('timestamptz')
  readonly placedAt: Date;

  @Column('text', { nullable: true })
  readonly releasedBy: string | null;

  @Column('timestamptz', { nullable: true })
  readonly releasedAt: Date | null;

  @Column('text', { nullable: true })
  readonly releaseReason: string | null;
}
