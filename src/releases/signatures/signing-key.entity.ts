import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A row of `signing_keys`. Never deleted: releases that it signed go on naming it. */
@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  /** Unique among all keys ever registered, as the key itself. */
  @Column('text')
  readonly name: string;

  /** As publicKeyText writes it: one key, one text. */
  @Column('text')
  readonly publicKey: string;

  @Column('text')
  readonly createdBy: string;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;

  /** Null: it is good. */
  @Column('timestamptz', { nullable: true })
  readonly revokedAt: Date | null;
}
