import { eventType } from '../../platform/events/event.js';

/** The subject of each is a person's username. */
type OfFactor = { readonly kind: string; readonly factorId: string; readonly address: string };

/** Of a passkey also which key it is: what it signs later is held against this entry. */
export const factorEnrolled = eventType<
  OfFactor & { readonly credentialId?: string; readonly publicKeyDigest?: string }
>({
  name: 'factor-enrolled',
  subject: 'user',
  audit: 'authentication',
});

export const factorRemoved = eventType<OfFactor>({
  name: 'factor-removed',
  subject: 'user',
  audit: 'authentication',
});

export const passkeyRenamed = eventType<OfFactor & { readonly name: string }>({
  name: 'passkey-renamed',
  subject: 'user',
  audit: 'authentication',
});

export const recoveryCodesMade = eventType<{ readonly address: string }>({
  name: 'recovery-codes-made',
  subject: 'user',
  audit: 'authentication',
});

export const recoveryCodeUsed = eventType<{ readonly address: string; readonly left: number }>({
  name: 'recovery-code-used',
  subject: 'user',
  audit: 'authentication',
});

export const steppedUp = eventType<{ readonly address: string; readonly method: string }>({
  name: 'stepped-up',
  subject: 'user',
  audit: 'authentication',
});

/** A counter that goes back is that of a copy, or of its original after the copy was used. */
export const passkeyCopied = eventType<OfFactor>({
  name: 'passkey-copied',
  subject: 'user',
  audit: 'authentication',
});
