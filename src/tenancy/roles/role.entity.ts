import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

/** A row of `roles`: one of the tenant's own. Built-in ones stand in kernel/permission.ts. */
@Entity('roles')
export class RoleEntity {
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

  /** May name what a newer version knows; those that this one does not know count for nothing. */
  @Column('text', { array: true })
  readonly permissions: string[];

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
