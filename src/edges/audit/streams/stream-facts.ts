import type { AuditStreamEntity } from './audit-stream.entity.js';

/** For the log: what follows the host may hold what its owner should not have put there. */
export function factsOf({ name, url, format, categories }: AuditStreamEntity) {
  return { name, place: placeOf(url), format, categories };
}

/** What of it can be changed. */
export function toldOf(stream: AuditStreamEntity) {
  return { ...factsOf(stream), isPaused: stream.isPaused };
}

/** With its scheme: what is sent there in secret does not follow to another place, nor into the clear. */
export function placeOf(url: string): string {
  return new URL(url).origin;
}
