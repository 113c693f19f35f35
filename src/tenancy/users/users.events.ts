import { eventType } from '../../platform/events/event.js';
import type { GivenRole } from './given-roles.dto.js';

type Roles = { readonly username: string; readonly roles: readonly GivenRole[] };

export const userRolesChanged = eventType<Roles>({
  name: 'user-roles-changed',
  subject: 'user',
  audit: 'tenancy',
});

export const userRemoved = eventType<Roles>({
  name: 'user-removed',
  subject: 'user',
  audit: 'tenancy',
});
