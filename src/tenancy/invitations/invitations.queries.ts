/** Invitations: credentials of that kind. One is open until it is accepted, revoked or over. */
import { z } from 'zod';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { givenRole } from '../users/given-roles.dto.js';
import type { InvitationView } from './invitations.dto.js';

/** What the credential's row holds. */
export const invitation = z.object({
  email: z.string(),
  roles: z.array(givenRole),
  invitedBy: z.string(),
  /** The person behind it: what they may give when it is accepted counts. */
  inviterId: z.string(),
  /** Of a directory's: who of its users accepts; its groups give the roles. */
  directoryUserId: z.string().optional(),
});

export type Invitation = z.output<typeof invitation>;

const OPEN = `select subject_id as id, data ->> 'email' as email, data -> 'roles' as roles,
    data ->> 'invitedBy' as "invitedBy", created_at as "createdAt", expires_at as "expiresAt"
  from credentials
  where tenant_id = :tenantId and kind = 'invitation' and used_at is null and revoked_at is null
    and expires_at > :now`;

const list = statement<
  {
    readonly tenantId: string;
    readonly now: Date;
    readonly before: string | null;
    readonly take: number;
  },
  InvitationView
>(
  'invitations.list-open',
  `${OPEN} and (:before::uuid is null or subject_id < :before)
   order by subject_id desc limit :take`,
);

export function openInvitations(
  open: OpenContext,
  now: Date,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<InvitationView[]> {
  return open.tx.query(list, { tenantId: open.tenantId, now, before, take });
}

const countOwn = statement<
  { readonly tenantId: string; readonly now: Date },
  { readonly invitations: number }
>(
  'invitations.count-open-by-hand',
  `select count(*)::int as invitations from credentials
   where tenant_id = :tenantId and kind = 'invitation' and used_at is null and revoked_at is null
     and expires_at > :now and data ->> 'directoryUserId' is null`,
);

/** Without those of a directory, which has a limit of its own. */
export async function countInvitationsByHand(open: OpenContext, now: Date): Promise<number> {
  return (await open.tx.first(countOwn, { tenantId: open.tenantId, now }))?.invitations ?? 0;
}

const findByEmail = statement<
  { readonly tenantId: string; readonly now: Date; readonly emailKey: string },
  InvitationView
>('invitations.find-open-by-email', `${OPEN} and lower(data ->> 'email') = :emailKey limit 1`);

export function openInvitationTo(
  open: OpenContext,
  emailKey: string,
  now: Date,
): Promise<InvitationView | undefined> {
  return open.tx.first(findByEmail, { tenantId: open.tenantId, emailKey, now });
}

const isDirectorys = statement<
  { readonly tenantId: string; readonly id: string },
  { readonly id: string }
>(
  'invitations.is-of-directory',
  'select id from directory_users where tenant_id = :tenantId and id = :id',
);

export async function isOfDirectory(open: OpenContext, id: string): Promise<boolean> {
  return (await open.tx.first(isDirectorys, { tenantId: open.tenantId, id })) !== undefined;
}

const find = statement<
  { readonly tenantId: string; readonly now: Date; readonly id: string },
  InvitationView
>('invitations.find-open', `${OPEN} and subject_id = :id`);

export function openInvitation(
  open: OpenContext,
  id: string,
  now: Date,
): Promise<InvitationView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id, now });
}

const lock = statement<{ readonly lock: string }>(
  'invitations.lock',
  `select pg_advisory_xact_lock(hashtextextended('tidegate:invitations:' || :lock, 0))`,
);

/** One new invitation of a tenant at a time: they are counted, and compared with each other. */
export async function lockInvitations(open: OpenContext): Promise<void> {
  await open.tx.execute(lock, { lock: open.tenantId });
}
