import { eventType } from '../../platform/events/event.js';
import type { GivenRole } from '../users/given-roles.dto.js';

type Invited = { readonly email: string; readonly roles: readonly GivenRole[] };

export const userInvited = eventType<Invited>({
  name: 'user-invited',
  subject: 'invitation',
  audit: 'access',
});

export const invitationResent = eventType<Invited>({
  name: 'invitation-resent',
  subject: 'invitation',
  audit: 'access',
});

export const invitationRevoked = eventType<Invited>({
  name: 'invitation-revoked',
  subject: 'invitation',
  audit: 'access',
});

export const invitationAccepted = eventType<
  Invited & { readonly username: string; readonly userId: string }
>({ name: 'invitation-accepted', subject: 'invitation', audit: 'access' });
