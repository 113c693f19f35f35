import { eventType } from '../../platform/events/event.js';

interface Facts extends Readonly<Record<string, unknown>> {
  readonly role: string;
  readonly subject: { readonly kind: string; readonly id: string; readonly name: string };
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
}

export const roleGiven = eventType<Facts>({
  name: 'role-given',
  subject: 'role-binding',
  audit: 'authorization',
});

export const roleTaken = eventType<Facts>({
  name: 'role-taken',
  subject: 'role-binding',
  audit: 'authorization',
});
