/**
 * How somebody whom a directory has told of comes: by accepting its invitation, as themselves. Whose account
 * it is they prove to the platform, never the directory; from then on it keeps their membership.
 */
import type { OpenContext } from '../../../platform/context.js';
import { insertMembership } from '../../users/memberships.store.js';
import { directoryUserJoined } from './directory-users.events.js';
import { joinGroupsOfDirectory, keepByDirectory, linkPerson } from './directory-users.store.js';

/**
 * Under the lock of `lockAdminsOf`: groups give roles. False: the directory has taken it back meanwhile, or
 * the person is known to it by another name.
 */
export async function completeDirectoryUser(
  open: OpenContext,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<boolean> {
  const userName = await linkPerson(open, { id, userId });
  if (userName === undefined) return false;
  const isMember = !(await insertMembership(open, userId, 'scim'));
  if (isMember) await keepByDirectory(open, userId);
  await joinGroupsOfDirectory(open, { id, userId });
  await open.record(directoryUserJoined(id, { userName, userId, isMember }));
  return true;
}
