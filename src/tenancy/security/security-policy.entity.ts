import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';
import type { SecurityRules } from './security.dto.js';

/** A row of `tenant_security`: there is one as soon as somebody has changed something. */
@Entity('tenant_security')
export class SecurityPolicyEntity implements SecurityRules {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @Column('text', { array: true })
  readonly mfaRequiredRoles: SecurityRules['mfaRequiredRoles'];

  @Column('text', { array: true })
  readonly allowedNetworks: SecurityRules['allowedNetworks'];

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;
}
