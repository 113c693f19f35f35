/** Whom a change of roles concerns, and the end of their sessions: whoever may do less signs in again. */
import type { OpenContext } from '../../platform/context.js';
import { revokeCredentialsOfAll } from '../../platform/credentials/credentials-end.store.js';
import { statement } from '../../platform/database/statement.js';
import { SESSION_KIND } from '../auth/sessions.store.js';
import type { BindingSubject } from './role-bindings.store.js';

const findMembers = statement<
  { readonly tenantId: string; readonly groupIds: readonly string[] },
  { readonly id: string }
>(
  'groups.member-ids',
  `select distinct user_id as id from group_members
   where tenant_id = :tenantId and group_id = any(:groupIds::uuid[])`,
);

/** With the change that is the reason, everywhere within five seconds. Machines have no sessions. */
export async function endSessionsOfHolders(
  open: OpenContext,
  subjects: readonly BindingSubject[],
): Promise<void> {
  const idsOf = (kind: BindingSubject['kind']) =>
    subjects.filter((subject) => subject.kind === kind).map(({ id }) => id);
  const { tenantId } = open;
  const members = await open.tx.query(findMembers, { tenantId, groupIds: idsOf('group') });
  const people = [...idsOf('user'), ...members.map(({ id }) => id)];
  if (people.length > 0) await revokeCredentialsOfAll(open, SESSION_KIND, people);
}
