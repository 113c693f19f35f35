import { environmentKey } from '../../kernel/environment-key.js';
import type { AnyHotSetting, SettingPlace, StoredScope } from './hot-setting.js';
import type { SettingRow } from './setting-row.js';
import type { SettingValues } from './setting-values.js';

export interface SetValue {
  readonly source: StoredScope;
  readonly value: unknown;
}

const NOTHING: readonly SetValue[] = [];

/** All that is set, as one process knows it: values that were judged already, and nothing else. */
export class SettingsCopy {
  private readonly set = new Map<string, SetValue>();
  /** Of the newest row that it has. */
  revision = 0;

  constructor(private readonly values: SettingValues) {}

  /** From the widest level to the nearest. */
  setAt({ key }: AnyHotSetting, { tenantId, environment }: SettingPlace): readonly SetValue[] {
    const platform = this.set.get(key);
    if (tenantId === undefined) return platform ? [platform] : NOTHING;
    const tenant = this.set.get(`${key} ${tenantId}`);
    const near =
      environment === undefined
        ? undefined
        : this.set.get(`${key} ${tenantId} ${environmentKey(environment)}`);
    if (!platform && !tenant && !near) return NOTHING;
    return [platform, tenant, near].filter((each) => each !== undefined);
  }

  /** What tenants have set, each for the whole of itself. Walks over everything: keep what it answers. */
  ofTenants({ key }: AnyHotSetting): readonly unknown[] {
    return [...this.set]
      .filter(([place, { source }]) => source === 'tenant' && place.startsWith(`${key} `))
      .map(([, { value }]) => value);
  }

  /** Whether it is about something that this process knows. */
  apply(row: SettingRow): boolean {
    this.revision = Math.max(this.revision, row.revision);
    const place = placeOf(row);
    const before = this.set.get(place);
    const read = this.values.of(row);
    if (read) this.set.set(place, { source: row.scope, value: read.value });
    else this.set.delete(place);
    return before !== undefined || read !== undefined;
  }

  clear(): void {
    this.set.clear();
    this.revision = 0;
  }
}

function placeOf({ key, scope, tenantId, environmentKey }: SettingRow): string {
  if (scope === 'platform') return key;
  return scope === 'tenant' ? `${key} ${tenantId}` : `${key} ${tenantId} ${environmentKey}`;
}
