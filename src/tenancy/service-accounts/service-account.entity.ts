import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

/** A row of `service_accounts`: somebody who is no person, and belongs to the tenant. */
@Entity('service_accounts')
export class ServiceAccountEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly name: string;

  /** The name in small letters: two accounts never differ in capitals alone. */
  @Column('text')
  readonly nameKey: string;

  @Column('text')
  readonly description: string;

  /** Null: its keys are good. */
  @Column('timestamptz', { nullable: true })
  readonly disabledAt: Date | null;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
