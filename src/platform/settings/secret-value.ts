/** Values of settings that are secrets: sealed for the level that they are set at, and for no other. */
import type { Sealer } from '../sealing/sealer.js';

interface Whose {
  readonly tenantId: string;
  readonly key: string;
  readonly environmentKey: string;
}

/** What everybody sees of one. */
export const MASK = '********';

export function sealSecret(sealer: Sealer, whose: Whose, value: unknown): string {
  return sealer.seal(JSON.stringify(value), contextOf(whose));
}

/** Throws UnsealError, and what JSON throws. */
export function openSecret(sealer: Sealer | null, whose: Whose, sealed: unknown): unknown {
  if (!sealer) throw new Error('this process opens no secrets');
  return JSON.parse(sealer.unseal(String(sealed), contextOf(whose)).toString('utf8')) as unknown;
}

function contextOf({ tenantId, key, environmentKey }: Whose): string {
  return `setting:${tenantId}:${key}:${environmentKey}`;
}
