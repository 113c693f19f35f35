import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A row of `directory_tokens`. What it is for never changes; it only ends. */
@Entity('directory_tokens')
export class DirectoryTokenEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  /** Of the whole text, which is kept nowhere. */
  @Column('text')
  readonly hash: string;

  @Column('text')
  readonly prefix: string;

  @Column('text')
  readonly name: string;

  @Column('uuid')
  readonly makerId: string;

  @Column('text')
  readonly createdBy: string;

  /** One spelling each; empty: from wherever the tenant lets people in. */
  @Column('text', { array: true })
  readonly allowedNetworks: readonly string[];

  /** Where invitations may go, in small letters; empty: to every address. */
  @Column('text', { array: true })
  readonly emailDomains: readonly string[];

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;

  @Column('timestamptz')
  readonly expiresAt: Date;

  @Column('timestamptz', { nullable: true })
  readonly revokedAt: Date | null;

  /** The token that this one takes the place of. */
  @Column('uuid', { nullable: true })
  readonly rotatedFrom: string | null;
}
