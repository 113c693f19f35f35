/** The table `identity_providers`, where the server itself lets somebody in. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

const exempt = statement<{ readonly tenantId: string; readonly username: string }>(
  'identity-providers.exempt',
  `update identity_providers set version = version + 1, emergency = jsonb_set(emergency,
     '{usernames}', (emergency -> 'usernames') || to_jsonb(:username::text))
   where tenant_id = :tenantId and is_required
     and not (emergency -> 'usernames') @> to_jsonb(:username::text)`,
);

/** They come in without the providers that the tenant requires: for who has to mend one of them. */
export async function exemptFromProviders(open: OpenContext, username: string): Promise<void> {
  await open.tx.execute(exempt, { tenantId: open.tenantId, username });
}
