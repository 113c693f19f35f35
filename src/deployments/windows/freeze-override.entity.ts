import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A row of `freeze_overrides`: one deployment that passes despite all freezes. */
@Entity('freeze_overrides')
export class FreezeOverrideEntity {
  @PrimaryColumn('uuid')
  readonly tenantId: string;

  @PrimaryColumn('uuid')
  readonly deploymentId: string;

  @Column('text')
  readonly reason: string;

  @Column('text')
  readonly actor: string;

  @Column('uuid', { nullable: true })
  readonly personId: string | null;

  @Column('timestamptz')
  readonly at: Date;
}
