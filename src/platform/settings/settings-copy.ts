import { environmentKey } from '../../kernel/environment-key.js';
import { messageOf } from '../../kernel/errors.js';
import type { Sealer } from '../sealing/sealer.js';
import {
  type AnyHotSetting,
  settingOf,
  type SettingPlace,
  type StoredScope,
} from './hot-setting.js';
import { openSecret } from './secret-value.js';
import type { SettingRow } from './setting-row.js';

interface CopyLog {
  warn(fields: object, message: string): void;
}

interface SetValue {
  readonly source: StoredScope;
  readonly value: unknown;
}

const NOTHING: readonly SetValue[] = [];

/** All that is set, as one process knows it: values that were judged already, and nothing else. */
export class SettingsCopy {
  private readonly values = new Map<string, SetValue>();
  /** Of the newest row that it has. */
  revision = 0;

  constructor(
    private readonly sealer: Sealer | null,
    private readonly log: CopyLog,
  ) {}

  /** From the widest level to the nearest. */
  setAt({ key }: AnyHotSetting, { tenantId, environment }: SettingPlace): readonly SetValue[] {
    const platform = this.values.get(key);
    if (tenantId === undefined) return platform ? [platform] : NOTHING;
    const tenant = this.values.get(`${key} ${tenantId}`);
    const near =
      environment === undefined
        ? undefined
        : this.values.get(`${key} ${tenantId} ${environmentKey(environment)}`);
    if (!platform && !tenant && !near) return NOTHING;
    return [platform, tenant, near].filter((each) => each !== undefined);
  }

  /** Whether anything that counts here is another now. */
  apply(row: SettingRow): boolean {
    this.revision = Math.max(this.revision, row.revision);
    const place = placeOf(row);
    const before = this.values.get(place);
    const read = this.read(row);
    if (read) this.values.set(place, { source: row.scope, value: read.value });
    else this.values.delete(place);
    return before !== undefined || read !== undefined;
  }

  clear(): void {
    this.values.clear();
    this.revision = 0;
  }

  /** Undefined: taken back, or not what this version of the program understands. */
  private read(row: SettingRow): { value: unknown } | undefined {
    const { key, value, tenantId, environmentKey } = row;
    const setting = settingOf(key);
    if (!setting || !row.isSet) return undefined;
    try {
      const plain = setting.isSecret
        ? openSecret(this.sealer, { key, tenantId, environmentKey }, value)
        : value;
      return { value: setting.schema.parse(plain) };
    } catch (error) {
      const reason = setting.isSecret ? 'it does not open or is not valid' : messageOf(error);
      this.log.warn({ key, tenantId, reason }, 'a setting is not understood and does not count');
      return undefined;
    }
  }
}

function placeOf({ key, scope, tenantId, environmentKey }: SettingRow): string {
  if (scope === 'platform') return key;
  return scope === 'tenant' ? `${key} ${tenantId}` : `${key} ${tenantId} ${environmentKey}`;
}
