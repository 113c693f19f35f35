import type { StoredScope } from './hot-setting.js';

/** What is set at one level. */
export interface SettingRow {
  readonly tenantId: string;
  readonly key: string;
  readonly scope: StoredScope;
  readonly environmentKey: string;
  readonly environment: string | null;
  /** False: taken back; the level above counts. */
  readonly isSet: boolean;
  /** JSON, also null; of a secret its sealed text. */
  readonly value: unknown;
  readonly version: number;
  readonly revision: number;
  readonly changedBy: string;
  readonly changedAt: Date;
}
