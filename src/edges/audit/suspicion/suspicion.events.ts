import { eventType } from '../../../platform/events/event.js';

/**
 * Something looks like an attack: what, about whom, and what was counted. Its subject is its own id. Nothing
 * is refused by it; people look. Once in its window, however long it goes on.
 */
export const suspiciousActivityDetected = eventType<{
  readonly kind: string;
  /** An account, a network, a key or a caller. */
  readonly who: string;
  readonly times: number;
  readonly places: number;
  readonly threshold: number;
  readonly windowMinutes: number;
}>({
  name: 'suspicious-activity-detected',
  subject: 'suspicion',
  audit: 'authentication',
  delivered: true,
});
