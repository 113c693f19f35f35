import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

/** A row of `groups`. */
@Entity('groups')
export class GroupEntity {
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

  /** Who keeps the list of its members: people here, or the directory that the tenant has connected. */
  @Column('text')
  readonly source: 'manual' | 'scim';

  /** The directory's own name for it. */
  @Column('text', { nullable: true })
  readonly externalId: string | null;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
