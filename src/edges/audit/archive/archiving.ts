/**
 * A month of all tenants' entries goes into the archive, file by file, and out of the database when every one
 * of them is there. Each file is written down when it has been read back and verified, so whoever dies or
 * fails anywhere has lost nothing, and the next one goes on behind the last file.
 */
import { auditLimits } from '../../../kernel/audit-limits.js';
import { Context } from '../../../platform/context.js';
import { PLATFORM_TENANT } from '../../../tenancy/tenants/platform-tenant.js';
import { auditLogArchived, auditMonthDropped } from '../log/audit.events.js';
import { leavesKey, personalKeyOf } from './archive-names.js';
import { planFile } from './archive-plan.js';
import { type ArchiveParts, writeArchive } from './archive-writer.js';
import { isBeingPurged, keepArchive, type NewArchive, tenantsWithLogs } from './archives.store.js';
import { archivedUpTo, hullOf, leavesOfMonth } from './archives.views.js';
import { type AuditMonth, firstIdAt, monthOf } from './audit-month.js';
import { dropMonth } from './months.store.js';

/** Tenants in one question. */
const TENANTS = 500;
/** Ids of entries of format 1 were made a little before or after their time. */
const AROUND_MS = 60_000;
const NO_ID = '00000000-0000-0000-0000-000000000000';

export interface MonthWork {
  readonly month: string;
  readonly token: string;
  readonly parts: ArchiveParts;
  /** Before each file. False: another process is at it, or this one is to end. */
  readonly goesOn: () => Promise<boolean>;
  readonly onArchived: (archive: NewArchive) => void;
}

/** False: it was given up in between. Throws what stands in the way; nothing is dropped then. */
export async function archiveMonth(work: MonthWork): Promise<boolean> {
  const { month, token } = work;
  const { database } = work.parts;
  let after = NO_ID;
  for (;;) {
    const some = await database.system((tx) => tenantsWithLogs(tx, after, TENANTS));
    for (const tenantId of some) {
      if (!(await archiveOf(Context.system(tenantId, 'audit-archive'), work))) return false;
    }
    if (some.length < TENANTS) break;
    after = some.at(-1)!;
  }
  if (!(await work.goesOn())) return false;
  const ofPlatform = Context.system(PLATFORM_TENANT.id, 'audit-archive');
  await database.system(async (tx) => {
    if (!(await dropMonth(tx, { month, token }))) throw new Error('another process is at it');
    await database.record(tx, ofPlatform, auditMonthDropped(month, { month }));
  });
  return true;
}

async function archiveOf(ctx: Context, work: MonthWork): Promise<boolean> {
  const { month, parts } = work;
  const { database } = parts;
  const times = monthOf(month);
  const extent = await extentOf(ctx, month, times, parts);
  const { last } = extent;
  let { after } = extent;
  while (after <= last) {
    const purged = await database.system((tx) => isBeingPurged(tx, ctx.tenantId));
    if (purged) return true;
    if (!(await work.goesOn())) return false;
    const take = auditLimits.archiveFileEntries;
    const left = await database.transaction(ctx, (open) =>
      leavesOfMonth(open, { ...times, after, last, take }),
    );
    const planned = planFile(left);
    if (!planned) return true;
    const archive = await writeArchive(ctx, month, planned, parts);
    await keep(ctx, archive, work);
    after = archive.size;
  }
  return true;
}

/** What of the month is left to be archived, as sequences; `last` below `after`: nothing. */
async function extentOf(
  ctx: Context,
  month: string,
  { from, to }: AuditMonth,
  { database }: ArchiveParts,
): Promise<{ after: number; last: number }> {
  const ids = {
    fromId: firstIdAt(from.getTime() - AROUND_MS),
    toId: firstIdAt(to.getTime() + AROUND_MS),
  };
  return database.transaction(ctx, async (open) => {
    const hull = await hullOf(open, { from, to, ...ids });
    if (!hull) return { after: 0, last: -1 };
    return { after: Math.max(hull.first, await archivedUpTo(open, month)), last: hull.last };
  });
}

async function keep(ctx: Context, archive: NewArchive, work: MonthWork): Promise<void> {
  const { tenantId } = ctx;
  const { month, fromSequence: from, size, digest } = archive;
  const { database, store } = work.parts;
  const isKept = await database.system(async (tx) => {
    if (!(await keepArchive(tx, archive))) return false;
    const event = auditLogArchived(tenantId, { month, from, size, digest });
    await database.record(tx, ctx, event);
    return true;
  });
  if (isKept) return work.onArchived(archive);
  // Its log goes away: what was written while that began must not stay behind.
  if (!(await database.system((tx) => isBeingPurged(tx, tenantId)))) return;
  await store.delete(personalKeyOf(tenantId, archive, 1));
  await store.delete(leavesKey(tenantId, archive));
}
