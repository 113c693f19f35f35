/** What becomes of a person's membership when a directory says that they are active, or are not. */
import type { OpenContext } from '../../../platform/context.js';
import { endSessionsIn } from '../../auth/sessions.store.js';
import { checkAdminIsLeft } from '../../permissions/role-bindings.store.js';
import { lastAdmin } from '../../tenancy.errors.js';
import { insertMembership, removeMembership } from '../../users/memberships.store.js';
import { directoryLastAdmin } from '../protocol/scim.errors.js';
import { isKeptByDirectory } from './directory-users.queries.js';
import { joinGroupsOfDirectory, leaveGroupsOfDirectory } from './directory-users.store.js';

interface Come {
  readonly id: string;
  readonly userId: string;
}

/** Somebody who has come before: with the groups of the directory, and nothing that people gave then. */
export async function takeIn(open: OpenContext, come: Come): Promise<void> {
  await insertMembership(open, come.userId, 'scim');
  await joinGroupsOfDirectory(open, come);
}

/**
 * With all that their membership brought: sessions, sockets and keys are out within five seconds. Of a
 * membership that people here keep only what the directory has given. Throws `directory-last-admin`.
 */
export async function putOut(open: OpenContext, come: Come): Promise<void> {
  if (await isKeptByDirectory(open, come.userId)) await removeMembership(open, come.userId);
  else await leaveGroupsOfDirectory(open, come);
  await checkAdminStays(open);
  await endSessionsIn(open, come.userId);
}

/** After the change, under the lock of `lockAdminsOf`. Throws `directory-last-admin`. */
export async function checkAdminStays(open: OpenContext): Promise<void> {
  try {
    await checkAdminIsLeft(open);
  } catch (error) {
    throw (error as { code?: string }).code === lastAdmin.code ? directoryLastAdmin() : error;
  }
}
