import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { Complex } from '../protocol/resource.js';

/** A row of `directory_users`: whom a directory has told us of, and who of the people that is. */
@Entity('directory_users')
export class DirectoryUserEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly userName: string;

  @Column('text')
  readonly userNameKey: string;

  @Column('text', { nullable: true })
  readonly externalId: string | null;

  @Column('text', { nullable: true })
  readonly displayName: string | null;

  @Column('text', { nullable: true })
  readonly givenName: string | null;

  @Column('text', { nullable: true })
  readonly familyName: string | null;

  @Column('text', { nullable: true })
  readonly formattedName: string | null;

  @Column('jsonb')
  readonly emails: readonly Complex[];

  /** Of these, where the invitation goes. */
  @Column('text', { nullable: true })
  readonly email: string | null;

  @Column('boolean')
  readonly isActive: boolean;

  /** Null: nobody has come yet. */
  @Column('uuid', { nullable: true })
  readonly userId: string | null;

  @Column('timestamptz', { nullable: true })
  readonly invitedAt: Date | null;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;

  @Column('timestamptz')
  readonly changedAt: Date;
}
