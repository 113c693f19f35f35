import { eventType } from '../../platform/events/event.js';

/** The subject is its key. Values are JSON as text: they may hold fractions. Those of secrets are masked. */
export const settingChanged = eventType<{
  readonly scope: string;
  readonly environment: string | null;
  readonly version: number;
  /** Null: nothing was set, or is set from now on, at that level. */
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string | null;
}>({ name: 'setting-changed', subject: 'setting', audit: 'settings' });
