import { Column, CreateDateColumn, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

/** A row of `external_gates`: a system outside that is asked, and what is known to it and to us alone. */
@Entity('external_gates')
export class ExternalGateEntity {
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

  /** How long it has to answer. */
  @Column('int')
  readonly deadlineMinutes: number;

  @Column('text')
  readonly sealedSecret: string;

  /** Grows with each update, in the statement itself: what If-Match compares. */
  @VersionColumn()
  readonly version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  readonly createdAt: Date;
}

/** A secret that is copied into another row opens nothing there. */
export const secretContext = (tenantId: string, id: string) => `external-gate:${tenantId}:${id}`;
