import type { z } from 'zod';

/**
 * Where a setting may be set, from the widest to the nearest. `deployment`: a request for a deployment may
 * say it for itself, and what it was planned with stays as it is.
 */
export const SETTING_SCOPES = ['platform', 'tenant', 'environment', 'deployment'] as const;
export type SettingScope = (typeof SETTING_SCOPES)[number];

/** The levels that are stored. */
export type StoredScope = Exclude<SettingScope, 'deployment'>;

/** One thing that can be changed while everything runs, in all that is known of it. */
export interface HotSetting<T> {
  /** Dots part groups from names, which are in kebab-case: `sockets.per-user`. Stored; never renamed. */
  readonly key: string;
  /** Judges what is set, as JSON; its messages complete the sentence "The value must be …". */
  readonly schema: z.ZodType<T>;
  /** What counts where nobody has set anything. */
  readonly default: NoInfer<T>;
  /** What stands in the documentation where the plain default would say nothing. */
  readonly defaultNote?: string;
  /** Sentences for whoever sets it: what it does, and when to change it. */
  readonly doc: string;
  /** A value worth showing. */
  readonly example: NoInfer<T>;
  readonly scopes: readonly SettingScope[];
  /**
   * Whether a value is at most as loose as that of the level above. With it a nearer level may only
   * tighten: one that is looser is refused, and does not count when the level above is tightened later.
   */
  readonly tightens?: (value: NoInfer<T>, above: NoInfer<T>) => boolean;
  /** Whether a value protects less than the one before: people prove once more that it is they. */
  readonly weakens?: (value: NoInfer<T>, before: NoInfer<T>) => boolean;
  /** Sealed in the database, and shown to nobody: not in answers, logs, audit entries or events. */
  readonly isSecret?: boolean;
}

/** Any of them, where the type of its value does not matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of settings of different types
export type AnyHotSetting = HotSetting<any>;

/** Where a value is asked for: without an environment for the whole tenant, without either for all. */
export interface SettingPlace {
  readonly tenantId?: string;
  /** By name; capitals do not matter. */
  readonly environment?: string;
}

const KEY = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;
const all = new Map<string, AnyHotSetting>();

/**
 * Declares a setting beside what it configures, where a module is loaded. A line in `apps/hot-settings.ts`
 * makes every process know it. Throws for a second one of that key, and for one that contradicts itself.
 */
export function hotSetting<T>(setting: HotSetting<T>): HotSetting<T> {
  const { key, schema, default: preset, example, scopes } = setting;
  if (!KEY.test(key)) throw new Error(`"${key}" is no key of a setting`);
  if (all.has(key)) throw new Error(`there are two settings with the key "${key}"`);
  if (scopes.length === 0) throw new Error(`the setting "${key}" can be set nowhere`);
  schema.parse(preset);
  schema.parse(example);
  all.set(key, setting);
  return setting;
}

/** All that the loaded modules have declared, by key. */
export function declaredSettings(): readonly AnyHotSetting[] {
  return [...all.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function settingOf(key: string): AnyHotSetting | undefined {
  return all.get(key);
}

/** For numbers of which the smaller is the stricter; null is no limit. */
export function isAtMost(value: number | null, above: number | null): boolean {
  if (above === null) return true;
  return value !== null && value <= above;
}
