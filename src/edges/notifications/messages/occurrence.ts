import type { SettingPlace } from '../../../platform/settings/hot-setting.js';
import type { EventName } from './event-names.js';

/** Something that has happened in a tenant, as it is matched and told: of a journal, or an event. */
export interface Occurrence {
  /** The same whenever it is read: by it a receiver knows what it has got already. */
  readonly id: string;
  readonly name: EventName;
  readonly at: Date;
  /** As journals have it: `ada`, `key:ci`, `system:engine`. */
  readonly actor: string;
  readonly subject: { readonly kind: string; readonly id: string };
  /** Names; none: it is of no module (environment), and concerns all. */
  readonly modules: readonly string[];
  readonly environments: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** A text of its body; null: there is none. What another version has written may lack anything. */
export function textIn({ body }: Occurrence, name: string): string | null {
  const value = body[name];
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' ? String(value) : null;
}

/** Texts of its body, whether it has one or several. */
export function textsIn({ body }: Occurrence, name: string): readonly string[] {
  const value = body[name];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.filter((each): each is string => typeof each === 'string');
}

/** A time of its body: an ISO text, or milliseconds since the epoch. */
export function timeIn({ body }: Occurrence, name: string): Date | null {
  const value = body[name];
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** Which settings count for it. */
export function placeOf(tenantId: string, { environments }: Occurrence): SettingPlace {
  const [environment] = environments;
  return environment === undefined ? { tenantId } : { tenantId, environment };
}
