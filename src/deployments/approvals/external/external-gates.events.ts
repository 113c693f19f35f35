import { eventType } from '../../../platform/events/event.js';

/** Never the secret, and of the address only where it is: what follows the host may be a secret, too. */
export interface GateFacts {
  readonly name: string;
  readonly origin: string;
  readonly deadlineMinutes: number;
  readonly [more: string]: unknown;
}

const ofGate = { subject: 'external-gate', audit: 'approval' } as const;

export const externalGateCreated = eventType<GateFacts>({
  name: 'external-gate-created',
  ...ofGate,
});
export const externalGateChanged = eventType<GateFacts>({
  name: 'external-gate-changed',
  ...ofGate,
});
export const externalGateDeleted = eventType<GateFacts>({
  name: 'external-gate-deleted',
  ...ofGate,
});
export const externalGateSecretRotated = eventType<GateFacts>({
  name: 'external-gate-secret-rotated',
  ...ofGate,
});

/** Somebody who does not know the secret, or a message that is old. Nothing of what they sent. */
export const gateCallbackDenied = eventType<{ readonly why: 'signature' | 'time' }>({
  name: 'gate-callback-denied',
  ...ofGate,
});
