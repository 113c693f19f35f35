import { assert } from '../../kernel/assert.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

const find = statement<{ readonly tenantId: string }, { readonly slug: string }>(
  'tenants.find-own',
  'select slug from tenants where id = :tenantId',
);

export async function tenantSlugOf(open: OpenContext): Promise<string> {
  const found = await open.tx.first(find, { tenantId: open.tenantId });
  assert(found, 'a transaction is of a tenant that is there');
  return found.slug;
}
