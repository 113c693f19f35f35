import { eventType } from '../../platform/events/event.js';

export type SwitchTurned = {
  readonly isOn: boolean;
  readonly wasOn: boolean;
  readonly reason: string;
};

/** Its subject is the tenant. */
export const killSwitchTurned = eventType<SwitchTurned>({
  name: 'kill-switch-turned',
  subject: 'kill-switch',
  audit: 'approval',
  delivered: true,
});

/** Of all tenants. */
export const platformSwitchTurned = eventType<SwitchTurned>({
  name: 'platform-switch-turned',
  subject: 'kill-switch',
  audit: 'approval',
});
