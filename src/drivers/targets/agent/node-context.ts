import { assert } from '../../../kernel/assert.js';
import type { Context } from '../../../platform/context.js';

/** Where a node's request comes from, by the token that it has signed. */
const boots = new WeakMap<Context, string>();

export function withBoot(ctx: Context, boot: string): Context {
  boots.set(ctx, boot);
  return ctx;
}

/** The boot of the machine that has sent the request. */
export function bootOf(ctx: Context): string {
  const boot = boots.get(ctx);
  assert(boot !== undefined, 'a node’s request without its boot');
  return boot;
}
