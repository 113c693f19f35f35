import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { StreamFormat } from './stream-format.js';

/** A row of `audit_streams`: where the tenant's audit log goes by itself. */
@Entity('audit_streams')
export class AuditStreamEntity {
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
  readonly url: string;

  @Column('text')
  readonly format: StreamFormat;

  /** Null: all of them. */
  @Column('text', { array: true, nullable: true })
  readonly categories: string[] | null;

  @Column('boolean')
  readonly isPaused: boolean;

  @Column('text', { nullable: true })
  readonly sealedAuthorization: string | null;

  /** By what it signs. */
  @Column('text')
  readonly sealedSigning: string;

  /** The one before: signs as well until then. */
  @Column('text', { nullable: true })
  readonly sealedSigningBefore: string | null;

  @Column('timestamptz', { nullable: true })
  readonly signingBeforeUntil: Date | null;

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
