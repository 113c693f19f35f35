import type { OpenContext } from '../context.js';
import type { AnyHotSetting, HotSetting, SettingPlace, StoredScope } from './hot-setting.js';

/** What would count at a level from now on. */
export interface SettingChange<T> {
  readonly scope: StoredScope;
  /** Without a tenant it is about all of them. */
  readonly place: SettingPlace;
  readonly value: T;
  readonly before: T;
}

/** Answers why not, as a sentence that says what to do instead; null: it has nothing against it. */
type Veto<T> = (
  open: OpenContext,
  change: SettingChange<T>,
) => string | null | Promise<string | null>;

interface Listed {
  readonly module: string;
  readonly veto: Veto<never>;
}

/**
 * Modules that know more of a value than its schema does. They say so when they start, and are asked in the
 * transaction of the change. A process asks those that it has loaded: all that serve the API load the same.
 */
export class SettingVetoes {
  private readonly byKey = new Map<string, Listed[]>();

  add<T>(setting: HotSetting<T>, module: string, veto: Veto<T>): void {
    const listed = this.byKey.get(setting.key) ?? [];
    this.byKey.set(setting.key, [...listed, { module, veto }]);
  }

  /** Undefined: nobody objects. */
  async objectionTo(
    open: OpenContext,
    { key }: AnyHotSetting,
    change: SettingChange<unknown>,
  ): Promise<{ readonly module: string; readonly reason: string } | undefined> {
    for (const { module, veto } of this.byKey.get(key) ?? []) {
      const reason = await veto(open, change as SettingChange<never>);
      if (reason !== null) return { module, reason };
    }
    return undefined;
  }
}
