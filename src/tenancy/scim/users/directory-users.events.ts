import { eventType } from '../../../platform/events/event.js';

/** The subject is the directory's user; `userId` the person who has come, if one has. */
type Facts = { readonly userName: string; readonly userId: string | null };

const told = <Body extends Facts = Facts>(name: string) =>
  eventType<Body>({ name, subject: 'directory-user', audit: 'access' });

export const directoryUserAdded = told('directory-user-added');
export const directoryUserInvited = told('directory-user-invited');

/** By their own acceptance; `isMember`: they were one already, whom from now on the directory keeps. */
export const directoryUserJoined = told<Facts & { readonly isMember: boolean }>(
  'directory-user-joined',
);

/** Names of attributes, never their values. */
export const directoryUserChanged = told<Facts & { readonly changed: readonly string[] }>(
  'directory-user-changed',
);

/** The membership with all that it brought is gone, and is there again. */
export const directoryUserDeactivated = told('directory-user-deactivated');
export const directoryUserActivated = told('directory-user-activated');
export const directoryUserDeleted = told('directory-user-deleted');
