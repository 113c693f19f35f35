import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

/** A row of `channels`: where people of the tenant are told. */
@Entity('channels')
export class ChannelEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly name: string;

  /** The name as it is compared. */
  @Column('text')
  readonly nameKey: string;

  @Column('text')
  readonly kind: string;

  @Column('jsonb')
  readonly params: Readonly<Record<string, unknown>>;

  /** Where it leads, as far as that may be shown. */
  @Column('text', { nullable: true })
  readonly place: string | null;

  /** What its kind keeps secret, as JSON. */
  @Column('text')
  readonly sealedSecrets: string;

  /** By what it signs; null where its kind does not. */
  @Column('text', { nullable: true })
  readonly sealedSigning: string | null;

  /** The one before: signs as well until then. */
  @Column('text', { nullable: true })
  readonly sealedSigningBefore: string | null;

  @Column('timestamptz', { nullable: true })
  readonly signingBeforeUntil: Date | null;

  @Column('boolean')
  readonly isEnabled: boolean;

  @Column('text', { nullable: true })
  readonly disabledWhy: 'by-hand' | 'gone' | null;

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
