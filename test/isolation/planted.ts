/** Routes as careless people would write them, for builds of the test alone: without the tenant in the statement. */
import { Controller, Injectable, Module, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { Permission } from '../../src/kernel/permission.js';
import { text, uuid } from '../../src/kernel/text.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Ctx } from '../../src/platform/http/ctx.js';
import { Route } from '../../src/platform/http/route.js';

const idParams = z.strictObject({ id: uuid });
const probeQuery = z.strictObject({ colour: text(10).optional() });
const words = { summary: 'Planted', description: 'For a test.', errors: [] } as const;
const answer = z.strictObject({ found: z.array(z.string()) });

@Injectable()
class PlantedReads {
  constructor(private readonly database: Database) {}

  /** Row-level security alone keeps it in the tenant. */
  async careless(ctx: Context, id: string) {
    const rows = await this.database.transaction(ctx, (open) =>
      open.tx.query<{ name: string }>('select name from clusters where id = $1', [id]),
    );
    return { found: rows.map(({ name }) => name) };
  }

  /** Nothing does: the system's role sees all tenants. */
  async asSystem(id: string) {
    const rows = await this.database.system((tx) =>
      tx.query<{ id: string }>('select id from nodes where id = $1', [id]),
    );
    return { found: rows.map(({ id: found }) => found) };
  }
}

@Controller('planted')
class PlantedController {
  constructor(private readonly reads: PlantedReads) {}

  @Route('GET careless/clusters/:id', { ...words, access: Permission.FleetRead, answer })
  careless(@Ctx() ctx: Context, @Param({ schema: idParams }) { id }: z.output<typeof idParams>) {
    return this.reads.careless(ctx, id);
  }

  @Route('GET system/nodes/:id', { ...words, access: Permission.FleetRead, answer })
  asSystem(@Param({ schema: idParams }) { id }: z.output<typeof idParams>) {
    return this.reads.asSystem(id);
  }

  @Route('GET unknown/boats/:id', { ...words, access: Permission.FleetRead, answer })
  unknown(
    @Param({ schema: idParams }) _id: z.output<typeof idParams>,
    @Query({ schema: probeQuery }) _query: z.output<typeof probeQuery>,
  ) {
    return { found: [] };
  }
}

@Module({ controllers: [PlantedController], providers: [PlantedReads] })
export class PlantedModule {}

export const isPlanted = ({ template }: { readonly template: string }) =>
  template.startsWith('/api/v1/planted/');
