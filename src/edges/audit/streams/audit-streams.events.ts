import { eventType } from '../../../platform/events/event.js';
import type { StreamFormat } from './stream-format.js';

/** Where it leads, as its origin alone, and what goes there: never what is secret of it. */
type Facts = {
  readonly name: string;
  readonly place: string;
  readonly format: StreamFormat;
  readonly categories: readonly string[] | null;
};

/** `from`: the first sequence that goes there. */
export const auditStreamCreated = eventType<Facts & { readonly from: number }>({
  name: 'audit-stream-created',
  subject: 'audit-stream',
  audit: 'settings',
});

export const auditStreamChanged = eventType<
  Facts & {
    readonly hasNewUrl: boolean;
    readonly hasNewAuthorization: boolean;
  }
>({ name: 'audit-stream-changed', subject: 'audit-stream', audit: 'settings' });

/** `undelivered`: so many entries that were there will never come to the receiver. */
export const auditStreamDeleted = eventType<Facts & { readonly undelivered: number }>({
  name: 'audit-stream-deleted',
  subject: 'audit-stream',
  audit: 'settings',
});

export const auditStreamPaused = eventType<Facts>({
  name: 'audit-stream-paused',
  subject: 'audit-stream',
  audit: 'settings',
});

export const auditStreamResumed = eventType<Facts>({
  name: 'audit-stream-resumed',
  subject: 'audit-stream',
  audit: 'settings',
});

export const auditStreamSecretRotated = eventType<Facts & { readonly previousUntil: string }>({
  name: 'audit-stream-secret-rotated',
  subject: 'audit-stream',
  audit: 'settings',
});

/** Its receiver has not caught up with the log for so long: told once, until it has. */
export const auditStreamBehind = eventType<
  Facts & { readonly minutes: number; readonly behind: number; readonly error: string | null }
>({ name: 'audit-stream-behind', subject: 'audit-stream', audit: 'settings', delivered: true });
