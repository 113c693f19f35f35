import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { IdentityProviderRules } from './identity-provider.js';

/** A row of `identity_providers`: where people of the tenant sign in, and what that brings them. */
@Entity('identity_providers')
export class IdentityProviderEntity implements IdentityProviderRules {
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
  readonly issuer: string;

  @Column('text')
  readonly clientId: string;

  @Column('text', { nullable: true })
  readonly sealedSecret: string | null;

  @Column('text', { array: true })
  readonly scopes: IdentityProviderRules['scopes'];

  @Column('jsonb')
  readonly claims: IdentityProviderRules['claims'];

  @Column('jsonb')
  readonly factor: IdentityProviderRules['factor'];

  @Column('jsonb')
  readonly admissions: IdentityProviderRules['admissions'];

  @Column('jsonb')
  readonly rules: IdentityProviderRules['rules'];

  @Column('boolean')
  readonly isEnabled: boolean;

  @Column('boolean')
  readonly isRequired: boolean;

  @Column('jsonb')
  readonly emergency: IdentityProviderRules['emergency'];

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}
