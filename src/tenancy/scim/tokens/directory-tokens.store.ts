/** The table `directory_tokens`: what is written of it beside the request, or looked for. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

const findConnected = statement<
  { readonly tenantId: string; readonly now: Date },
  { readonly id: string }
>(
  'directory-tokens.find-connected',
  `select id from directory_tokens t where tenant_id = :tenantId and revoked_at is null
     and expires_at > :now and not exists (select 1 from directory_tokens later
       where later.tenant_id = t.tenant_id and later.rotated_from = t.id)
   limit 1`,
);

/** The good one that is not on its way out. */
export async function connectedDirectory(
  open: OpenContext,
  now: Date,
): Promise<string | undefined> {
  return (await open.tx.first(findConnected, { tenantId: open.tenantId, now }))?.id;
}

const tidy = statement<{ readonly tenantId: string; readonly before: Date }>(
  'directory-tokens.tidy',
  `delete from directory_tokens
   where tenant_id = :tenantId and least(expires_at, revoked_at) < :before`,
);

/** Drops those that ended before that; their audit entries stay. */
export async function tidyDirectoryTokens(open: OpenContext, before: Date): Promise<void> {
  await open.tx.execute(tidy, { tenantId: open.tenantId, before });
}

const lock = statement<{ readonly lock: string }>(
  'directory-tokens.lock',
  `select pg_advisory_xact_lock(hashtextextended('tidegate:directory-tokens:' || :lock, 0))`,
);

/** One new token of a tenant at a time. */
export async function lockDirectoryTokens(open: OpenContext): Promise<void> {
  await open.tx.execute(lock, { lock: open.tenantId });
}

type Use = { readonly tenantId: string; readonly id: string; readonly at: Date };

const markUsed = statement<Use & { readonly network: string }>(
  'directory-tokens.mark-used',
  `update directory_tokens set last_used_at = :at, last_used_network = :network
   where tenant_id = :tenantId and id = :id
     and (last_used_at is null or last_used_at <= :at::timestamptz - interval '1 minute')`,
);

/** Unless some process has within the minute. */
export async function markDirectoryTokenUsed(
  open: OpenContext,
  id: string,
  { at, network }: { readonly at: Date; readonly network: string },
): Promise<void> {
  await open.tx.execute(markUsed, { tenantId: open.tenantId, id, at, network });
}

const markRefused = statement<Use>(
  'directory-tokens.mark-refused',
  `update directory_tokens set last_refused_at = :at
   where tenant_id = :tenantId and id = :id
     and (last_refused_at is null or last_refused_at <= :at::timestamptz - interval '1 minute')`,
);

/** False: some process has told of it within the minute. */
export async function markDirectoryTokenRefused(
  open: OpenContext,
  id: string,
  at: Date,
): Promise<boolean> {
  return (await open.tx.execute(markRefused, { tenantId: open.tenantId, id, at })) === 1;
}
