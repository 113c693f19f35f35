import type { OpenContext } from '../../../platform/context.js';
import { eventType } from '../../../platform/events/event.js';

type Facts = { readonly name: string };

export const directoryGroupAdded = eventType<Facts>({
  name: 'directory-group-added',
  subject: 'group',
  audit: 'authorization',
});

export const directoryGroupRenamed = eventType<Facts>({
  name: 'directory-group-renamed',
  subject: 'group',
  audit: 'authorization',
});

/** What the directory calls it is another. */
export const directoryGroupChanged = eventType<Facts>({
  name: 'directory-group-changed',
  subject: 'group',
  audit: 'authorization',
});

/** By the names that the directory has for them. */
export const directoryGroupMembersChanged = eventType<
  Facts & { readonly added: readonly string[]; readonly removed: readonly string[] }
>({ name: 'directory-group-members-changed', subject: 'group', audit: 'authorization' });

export const directoryGroupDeleted = eventType<Facts>({
  name: 'directory-group-deleted',
  subject: 'group',
  audit: 'authorization',
});

/** Names in one entry: a whole group is written in several. */
const NAMES = 200;

export async function recordMembers(
  open: OpenContext,
  { id, name }: { readonly id: string; readonly name: string },
  { added, removed }: { readonly added: readonly string[]; readonly removed: readonly string[] },
): Promise<void> {
  for (let at = 0; at < Math.max(added.length, removed.length); at += NAMES) {
    const of = (names: readonly string[]) => names.slice(at, at + NAMES);
    const body = { name, added: of(added), removed: of(removed) };
    await open.record(directoryGroupMembersChanged(id, body));
  }
}
