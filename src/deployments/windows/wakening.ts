import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { wakeAllHeld, wakeHeld } from '../runs/held-runs.store.js';

/** In one transaction: thousands may wait, and none of them should wait for the locks of the others. */
const AT_ONCE = 200;
/** A tenant, or an installation, that has more of them has the rest woken by their next look. */
const ROUNDS = 100;

/**
 * What was in the way is gone: who waits for it looks again. After the commit, for who looks at once must find
 * it gone; a process that dies before has lost nothing but time, since all of them look again by themselves.
 */
@Injectable()
export class Wakening {
  constructor(private readonly database: Database) {}

  async ofTenant(ctx: Context, waits: readonly string[]): Promise<void> {
    await inRounds(() => this.database.transaction(ctx, (open) => wakeHeld(open, waits, AT_ONCE)));
  }

  async ofAll(waits: readonly string[]): Promise<void> {
    await inRounds(() => this.database.system((tx) => wakeAllHeld(tx, waits, AT_ONCE)));
  }
}

async function inRounds(wake: () => Promise<number>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) if ((await wake()) < AT_ONCE) return;
}
