import { eventType } from '../../../platform/events/event.js';

/** Where it leads and how: never what is secret of it. */
type Facts = { readonly name: string; readonly kind: string; readonly place: string | null };

export const channelCreated = eventType<Facts>({
  name: 'channel-created',
  subject: 'channel',
  audit: 'settings',
});

export const channelChanged = eventType<Facts & { readonly hasNewSecrets: boolean }>({
  name: 'channel-changed',
  subject: 'channel',
  audit: 'settings',
});

/** Recorded before its row goes, so that whoever names it can let go of it. */
export const channelDeleted = eventType<Facts & { readonly dropped: number }>({
  name: 'channel-deleted',
  subject: 'channel',
  audit: 'settings',
});

export const channelTurnedOn = eventType<Facts>({
  name: 'channel-enabled',
  subject: 'channel',
  audit: 'settings',
});

/** `gone`: the receiver has said that it wants no more (410). */
export const channelTurnedOff = eventType<Facts & { readonly why: 'by-hand' | 'gone' }>({
  name: 'channel-disabled',
  subject: 'channel',
  audit: 'settings',
  delivered: true,
});

export const channelSecretRotated = eventType<Facts & { readonly previousUntil: string }>({
  name: 'channel-secret-rotated',
  subject: 'channel',
  audit: 'settings',
});

export const channelTested = eventType<Facts & { readonly outcome: string }>({
  name: 'channel-tested',
  subject: 'channel',
  audit: 'settings',
});
