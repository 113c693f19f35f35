/** Which of the levels counts. Pure: no copy, no database. */
import type { AnyHotSetting, HotSetting, SettingScope } from './hot-setting.js';

/** Where a value comes from. */
export type SettingSource = SettingScope | 'default';

export interface Level<T> {
  readonly source: SettingSource;
  readonly value: T;
  /** Set, but looser than the level above, which was tightened later: it does not count. */
  readonly isOverruled: boolean;
}

export interface Resolved<T> {
  readonly value: T;
  readonly source: SettingSource;
  /** From the default to the nearest; only those at which something is set. */
  readonly levels: readonly Level<T>[];
}

/** `set`: what is set, from the widest level to the nearest. The nearest wins, unless it loosens. */
export function resolveLevels<T>(
  setting: HotSetting<T>,
  set: readonly { readonly source: SettingScope; readonly value: T }[],
): Resolved<T> {
  const levels: Level<T>[] = [{ source: 'default', value: setting.default, isOverruled: false }];
  let counts = levels[0]!;
  for (const { source, value } of set) {
    const isOverruled = isLoosened(setting, source, value, counts.value);
    const level = { source, value, isOverruled };
    levels.push(level);
    if (!isOverruled) counts = level;
  }
  return { value: counts.value, source: counts.source, levels };
}

/** Only the platform may be looser than the default. */
export function isLoosened(
  { tightens }: AnyHotSetting,
  source: SettingScope,
  value: unknown,
  above: unknown,
): boolean {
  if (!tightens || source === 'platform') return false;
  return !tightens(value, above);
}
