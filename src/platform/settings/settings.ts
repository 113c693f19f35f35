import { messageOf } from '../../kernel/errors.js';
import type { HotSetting, SettingPlace } from './hot-setting.js';
import { type Resolved, resolveLevels } from './levels.js';
import type { Sealer } from '../sealing/sealer.js';
import type { SettingRow } from './setting-row.js';
import { SettingValues } from './setting-values.js';
import { SettingsCopy } from './settings-copy.js';

interface SettingsLog {
  warn(fields: object, message: string): void;
}

type ChangeListener = (row: SettingRow) => void;

/**
 * What is set, for whoever needs to know: out of this process's own copy, at once and without a question
 * to anybody. SettingsFollower keeps the copy as new as the database.
 */
export class Settings {
  private readonly copy: SettingsCopy;
  private readonly listeners = new Set<ChangeListener>();

  constructor(
    private readonly log: SettingsLog,
    sealer: Sealer | null = null,
  ) {
    this.copy = new SettingsCopy(new SettingValues(sealer, log));
  }

  /** The value that counts there. Costs a few look-ups in a map: call it where it is needed, keep nothing. */
  valueOf<T>(setting: HotSetting<T>, at: SettingPlace = {}): T {
    const set = this.copy.setAt(setting, at);
    return set.length === 0 ? setting.default : this.resolved(setting, at).value;
  }

  /** The same, with where it comes from. */
  resolved<T>(setting: HotSetting<T>, at: SettingPlace = {}): Resolved<T> {
    const set = this.copy.setAt(setting, at);
    return resolveLevels(setting, set as readonly { source: 'platform'; value: T }[]);
  }

  /** Calls with the platform's value now, and again whenever it has become another one. */
  follow<T>(setting: HotSetting<T>, apply: (value: T) => void): () => void {
    let before = this.valueOf(setting);
    apply(before);
    return this.onChange(({ key, scope }) => {
      if (key !== setting.key || scope !== 'platform') return;
      const now = this.valueOf(setting);
      if (JSON.stringify(now) === JSON.stringify(before)) return;
      before = now;
      apply(now);
    });
  }

  /** Each change of any level, after the copy has it. Returns the way to stop listening. */
  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Of all tenants that have set it for themselves; good until `revision` is another. */
  valuesOfTenants<T>(setting: HotSetting<T>): readonly T[] {
    return this.copy.ofTenants(setting) as readonly T[];
  }

  get revision(): number {
    return this.copy.revision;
  }

  /** For SettingsFollower, and for tests that set something. */
  apply(rows: readonly SettingRow[]): void {
    for (const row of rows) {
      if (!this.copy.apply(row)) continue;
      for (const listener of this.listeners) this.tell(listener, row);
    }
  }

  /** The database is older than the copy: it was restored. */
  forget(): void {
    this.copy.clear();
  }

  private tell(listener: ChangeListener, row: SettingRow): void {
    try {
      listener(row);
    } catch (error) {
      this.log.warn(
        { key: row.key, error: messageOf(error) },
        'a change of a setting was not applied',
      );
    }
  }
}
