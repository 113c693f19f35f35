import { eventType } from '../../platform/events/event.js';

type Facts = { readonly name: string };
type Member = Facts & { readonly userId: string; readonly username: string };

export const groupCreated = eventType<Facts>({
  name: 'group-created',
  subject: 'group',
  audit: 'authorization',
});

export const groupChanged = eventType<Facts>({
  name: 'group-changed',
  subject: 'group',
  audit: 'authorization',
});

export const groupDeleted = eventType<Facts>({
  name: 'group-deleted',
  subject: 'group',
  audit: 'authorization',
});

export const groupMemberAdded = eventType<Member>({
  name: 'group-member-added',
  subject: 'group',
  audit: 'authorization',
});

export const groupMemberRemoved = eventType<Member>({
  name: 'group-member-removed',
  subject: 'group',
  audit: 'authorization',
});
