import { eventType } from '../../platform/events/event.js';

interface Facts extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly permissions: readonly string[];
}

export const roleCreated = eventType<Facts>({
  name: 'role-created',
  subject: 'role',
  audit: 'authorization',
});

export const roleChanged = eventType<Facts>({
  name: 'role-changed',
  subject: 'role',
  audit: 'authorization',
});

export const roleDeleted = eventType<Facts>({
  name: 'role-deleted',
  subject: 'role',
  audit: 'authorization',
});
