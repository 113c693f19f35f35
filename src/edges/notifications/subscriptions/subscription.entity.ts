import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

export const OWNER_KINDS = ['tenant', 'group', 'user'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

/** A row of `subscriptions`: who wants to hear of what, and where. */
@Entity('subscriptions')
export class SubscriptionEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  /** Whose permissions say what it may bring: a tenant's brings all. */
  @Column('text')
  readonly ownerKind: OwnerKind;

  @Column('uuid', { nullable: true })
  readonly ownerId: string | null;

  /** Names and kinds. */
  @Column('text', { array: true })
  readonly events: readonly string[];

  /** Null: all. */
  @Column('text', { array: true, nullable: true })
  readonly modules: readonly string[] | null;

  @Column('text', { array: true, nullable: true })
  readonly environments: readonly string[] | null;

  /** Null: to the address of the person's own account. */
  @Column('uuid', { nullable: true })
  readonly channelId: string | null;

  @Column('text')
  readonly createdBy: string;

  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
