import { messageOf } from '../../kernel/errors.js';
import type { Sealer } from '../sealing/sealer.js';
import { settingOf } from './hot-setting.js';
import { openSecret } from './secret-value.js';
import type { SettingRow } from './setting-row.js';

interface ValuesLog {
  warn(fields: object, message: string): void;
}

/** What rows say, judged by the schema of this version of the program: an older one may have written them. */
export class SettingValues {
  constructor(
    /** Null: this process opens no secrets. */
    private readonly sealer: Sealer | null,
    private readonly log: ValuesLog,
  ) {}

  /** Undefined: nothing is set, or not what this version understands; it does not count then. */
  of(row: SettingRow): { readonly value: unknown } | undefined {
    const { key, tenantId } = row;
    const setting = settingOf(key);
    if (!setting || !row.isSet) return undefined;
    try {
      const plain = setting.isSecret ? openSecret(this.sealer, row, row.value) : row.value;
      return { value: setting.schema.parse(plain) };
    } catch (error) {
      const reason = setting.isSecret ? 'it does not open or is not valid' : messageOf(error);
      this.log.warn({ key, tenantId, reason }, 'a setting is not understood and does not count');
      return undefined;
    }
  }
}
