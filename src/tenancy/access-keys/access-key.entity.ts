import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { KeyOwnerKind } from './access-keys.dto.js';
import type { KeyPower, KeySet } from './key-power.js';

/** A row of `access_keys`. What it may do and whose it is never changes; it only ends. */
@Entity('access_keys')
export class AccessKeyEntity implements KeyPower {
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

  @Column('text')
  readonly ownerKind: KeyOwnerKind;

  @Column('uuid')
  readonly ownerId: string;

  @Column('uuid')
  readonly makerId: string;

  @Column('text')
  readonly createdBy: string;

  @Column('text', { nullable: true })
  readonly permissionSet: KeySet | null;

  @Column('text', { array: true, nullable: true })
  readonly permissions: readonly string[] | null;

  @Column('text', { array: true, nullable: true })
  readonly modules: readonly string[] | null;

  @Column('text', { array: true, nullable: true })
  readonly environments: readonly string[] | null;

  @Column('jsonb')
  readonly metadata: Readonly<Record<string, string>>;

  /** One spelling each; empty: from everywhere. */
  @Column('text', { array: true })
  readonly allowedNetworks: readonly string[];

  /** Null: as many as any key. */
  @Column('integer', { nullable: true })
  readonly requestsPerMinute: number | null;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;

  @Column('timestamptz')
  readonly expiresAt: Date;

  /** Null: nobody has ended it before its time. */
  @Column('timestamptz', { nullable: true })
  readonly revokedAt: Date | null;

  /** The key that this one takes the place of. */
  @Column('uuid', { nullable: true })
  readonly rotatedFrom: string | null;
}
