import type { StoredScope } from '../../platform/settings/hot-setting.js';

/** What travels on `/hubs/configuration`. There is nothing to ask: whoever is in is told. */
export const CONFIGURATION_NAMESPACE = '/hubs/configuration';

/**
 * Something is set, or taken back, at a level. A hint: what counts is read again with
 * `GET /settings/{key}`, also after a socket was away.
 */
export interface ConfigurationChanged {
  readonly key: string;
  readonly scope: StoredScope;
  readonly environment: string | null;
  /** Of that level. */
  readonly version: number;
  /** False: it was taken back, and the level above counts. */
  readonly isSet: boolean;
  /** At that level; masked where it is a secret. */
  readonly value: unknown;
  /** Null: one of the platform's people, for tenants. */
  readonly changedBy: string | null;
  readonly at: string;
}
