import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

const findDomains = statement<
  { readonly tenantId: string; readonly id: string },
  { readonly emailDomains: readonly string[] }
>(
  'directory-tokens.find-domains',
  `select email_domains as "emailDomains" from directory_tokens
   where tenant_id = :tenantId and id = :id`,
);

/** Where whoever asks may have invitations sent; null: it is no directory, and asks for nobody. */
export async function domainsOfDirectory(open: OpenContext): Promise<readonly string[] | null> {
  if (open.actor.kind !== 'directory') return null;
  const { tenantId, actor } = open;
  return (await open.tx.first(findDomains, { tenantId, id: actor.id }))?.emailDomains ?? null;
}
