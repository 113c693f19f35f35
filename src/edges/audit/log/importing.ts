/**
 * Entries of format 1 were written before there was a log to stand in, or by a process of the version
 * before. Their hashes are found out here, tenant by tenant, and they come into the tree as what they are.
 */
import { Context } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import { leafOf } from '../../../kernel/tlog/audit-leaf.js';
import { leafHash } from '../../../kernel/tlog/tree.js';
import {
  keepHashes,
  tenantsUnhashed,
  unhashedEntries,
} from '../../../platform/audit/audit-pending.store.js';
import { fieldsOf, saltsOf } from '../../../platform/audit/audit-row.js';
import { entriesImported } from './audit.events.js';

const ENTRIES = 5_000;
const TENANTS = 100;

/** How many; 0: there is nothing left of before. */
export async function importEntries(database: Database): Promise<number> {
  const tenantIds = await database.system((tx) => tenantsUnhashed(tx, TENANTS));
  let imported = 0;
  for (const tenantId of tenantIds) imported += await importOf(database, tenantId);
  return imported;
}

function importOf(database: Database, tenantId: string): Promise<number> {
  return database.transaction(Context.system(tenantId, 'audit'), async (open) => {
    const rows = await unhashedEntries(open, ENTRIES);
    if (rows.length === 0) return 0;
    const hashes = rows.map((row) =>
      leafHash(Buffer.from(leafOf(fieldsOf(row), saltsOf(row)).text)).toString('hex'),
    );
    await keepHashes(open, { entryIds: rows.map(({ id }) => id), hashes });
    await open.record(entriesImported(tenantId, { entries: rows.length }));
    return rows.length;
  });
}
