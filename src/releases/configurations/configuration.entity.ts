import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A row of `configurations`. Append-only: a change is a new number. */
@Entity('configurations')
export class ConfigurationEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('uuid')
  readonly environmentId: string;

  @Column('uuid')
  readonly moduleId: string;

  /** Counts from 1 for each module and environment. */
  @Column('integer')
  readonly number: number;

  /** Canonical JSON; what configurationDigest was taken of. */
  @Column('text')
  readonly bodyText: string;

  @Column('text')
  readonly configurationDigest: string;

  @Column('text')
  readonly createdBy: string;

  /** The person behind it: of a key, its maker. Null: a machine, or it is older than this column. */
  @Column('uuid', { nullable: true })
  readonly createdByPerson: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
