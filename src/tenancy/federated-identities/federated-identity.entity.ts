import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { Permission } from '../../kernel/permission.js';
import type { Rule } from './federated-identity.js';
import type { IssuerKindName } from './issuer-kinds.js';

/** A row of `federated_identities`: whose tokens are let in, and what they may do. Owned by the tenant. */
@Entity('federated_identities')
export class FederatedIdentityEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly id: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly description: string;

  @Column('text')
  readonly issuerKind: IssuerKindName;

  @Column('text')
  readonly issuer: string;

  @Column('text')
  readonly audience: string;

  @Column('jsonb')
  readonly rules: Rule[];

  @Column('text', { array: true })
  readonly permissions: Permission[];

  @Column('text', { array: true, nullable: true })
  readonly modules: string[] | null;

  @Column('text', { array: true, nullable: true })
  readonly environments: string[] | null;

  @Column('text')
  readonly createdBy: string;

  /** Null: it is good. */
  @Column('timestamptz', { nullable: true })
  readonly disabledAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly lastUsedAt: Date | null;

  @VersionColumn()
  readonly version: number;

  /** Grows when the rules change: tokens that were given by others are over. */
  @Column('integer')
  readonly rulesVersion: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
