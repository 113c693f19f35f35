import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';

/** What a module keeps of a tenant outside the tables: objects in a store. Gone before its rows are. */
export abstract class TenantPurger {
  /**
   * Takes some of it away. False: there is more; it is called again. Must be safe to repeat. `ctx` has no
   * open transaction.
   */
  abstract purgeTenant(ctx: Context): Promise<boolean>;
}

/** Where modules register theirs, in their constructor or onModuleInit. */
@Injectable()
export class TenantPurgers {
  private readonly purgers: TenantPurger[] = [];

  register(purger: TenantPurger): void {
    this.purgers.push(purger);
  }

  /** False: there is more. */
  async purge(ctx: Context): Promise<boolean> {
    for (const purger of this.purgers) {
      if (!(await purger.purgeTenant(ctx))) return false;
    }
    return true;
  }
}
