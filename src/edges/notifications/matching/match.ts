import { environmentKey } from '../../../kernel/environment-key.js';
import { kindsOf } from '../messages/event-names.js';
import type { Occurrence } from '../messages/occurrence.js';

/** What of a subscription says whether an event is for it. Null: of all modules, in all environments. */
export interface Interest {
  /** Names and kinds of events. */
  readonly events: readonly string[];
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
}

/** What is of no module (of no environment) concerns all of them. */
export function isMatch({ events, modules, environments }: Interest, of: Occurrence): boolean {
  const words: readonly string[] = [of.name, ...kindsOf(of.name)];
  if (!events.some((event) => words.includes(event))) return false;
  return isAmong(of.modules, modules) && isAmong(of.environments, environments, environmentKey);
}

function isAmong(
  names: readonly string[],
  wanted: readonly string[] | null,
  keyOf = (name: string) => name,
): boolean {
  if (wanted === null || names.length === 0) return true;
  const keys = new Set(wanted.map(keyOf));
  return names.some((name) => keys.has(keyOf(name)));
}
