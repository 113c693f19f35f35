/**
 * Leads an erasure through a tenant's entries in batches, each a transaction of its own with the place that
 * has been reached: whoever is killed in between has left nothing half done, and the next one goes on. First
 * everything is read, to learn what the person was called; then they are erased; and once more what was
 * being written meanwhile.
 */
import { auditLimits } from '../../../kernel/audit-limits.js';
import { Context } from '../../../platform/context.js';
import { renameInFolds } from '../../../platform/audit/folds/audit-folds.store.js';
import type { Database } from '../../../platform/database/database.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { accountOf, findAccount } from '../../../tenancy/users/users.store.js';
import { ArchivedPersons } from './archived.js';
import { erasureDone } from './erasures.events.js';
import {
  advanceErasure,
  type ChangedEntry,
  type DueErasure,
  enterPhase,
  entriesAfter,
  type EntryAt,
  eraseEntries,
  finishErasure,
  replacePersonal,
} from './erasing.store.js';
import { outOfReach } from './reach.views.js';
import { Searcher, type Sought, soughtOf, type SoughtText } from './sought.js';
import { changeOf, mentions } from './theirs.js';

export const LEASE_MS = 30_000;
const NOTHING: SoughtText = { names: [], actors: [], subjects: [] };

export class Eraser {
  private readonly archived: ArchivedPersons;

  constructor(
    private readonly database: Database,
    store: ObjectStore,
  ) {
    this.archived = new ArchivedPersons(database, store);
  }

  /** As far as it goes now. False: somebody else is at it. */
  async lead(due: DueErasure, isStopping: () => boolean): Promise<boolean> {
    return due.phase === 'names' ? this.search(due, isStopping) : this.erase(due, isStopping);
  }

  /** From the beginning, should it be broken off: nothing has been erased until all names are known. */
  private async search(due: DueErasure, isStopping: () => boolean): Promise<boolean> {
    const account = await this.database.system((tx) => accountOf(tx, due.personId));
    const own = [account?.username, account?.email].flatMap((name) => name ?? []).map(accountKey);
    const sought = soughtOf(due.personId, { ...NOTHING, names: own });
    const searcher = new Searcher(sought);
    let at: Pick<DueErasure, 'cursorAt' | 'cursorId'> = {
      cursorAt: '-infinity',
      cursorId: due.cursorId,
    };
    for (;;) {
      if (isStopping()) return false;
      const page = await this.page(due, at);
      for (const row of page) searcher.read(row);
      at = placeAfter(page, at);
      if (!(await this.advance(due, at, []))) return false;
      if (page.length === 0) break;
    }
    for await (const rows of this.archived.entries(due.tenantId)) {
      for (const row of rows) searcher.read(row);
      if (isStopping() || !(await this.advance(due, at, []))) return false;
    }
    const names = await this.theirsAlone(due.personId, searcher.result());
    await this.database.system((tx) =>
      enterPhase(tx, due, { phase: 'entries', names, tailMs: 0, delayMs: 0 }),
    );
    return true;
  }

  private async erase(due: DueErasure, isStopping: () => boolean): Promise<boolean> {
    const names = due.names ?? NOTHING;
    const sought = soughtOf(due.personId, names);
    let at: Pick<DueErasure, 'cursorAt' | 'cursorId'> = due;
    for (;;) {
      if (isStopping()) return false;
      const page = await this.page(due, at);
      if (page.length === 0) break;
      at = placeAfter(page, at);
      if (!(await this.advance(due, at, page, sought))) return false;
    }
    if (due.phase === 'tail') {
      return (await this.eraseArchived(due, at, sought)) && this.finish(due);
    }
    const { erasureTailMs: tailMs, erasureSettlesMs: delayMs } = auditLimits;
    await this.database.system((tx) =>
      enterPhase(tx, due, { phase: 'tail', names, tailMs, delayMs }),
    );
    return true;
  }

  private page(
    { tenantId }: DueErasure,
    at: Pick<DueErasure, 'cursorAt' | 'cursorId'>,
  ): Promise<EntryAt[]> {
    const ctx = Context.system(tenantId, 'audit-erasure');
    return this.database.transaction(ctx, (open) =>
      entriesAfter(open, at, auditLimits.erasureBatch),
    );
  }

  /** What is changed and how far it is stand in one transaction. */
  private advance(
    due: DueErasure,
    at: Pick<DueErasure, 'cursorAt' | 'cursorId'>,
    page: readonly EntryAt[],
    sought?: Sought,
  ): Promise<boolean> {
    const changed: ChangedEntry[] = [];
    let mentioned = 0;
    for (const row of sought ? page : []) {
      const change = changeOf(row, sought!, due.pseudonym);
      if (change) changed.push({ ...change, id: row.id, atText: row.atText });
      // Of what is read a second time only what is new has not been counted.
      const isNew = due.phase === 'entries' || change !== null;
      if (isNew && mentions(change?.body ?? row.body, sought!)) mentioned += 1;
    }
    const values = changed.reduce((sum, change) => sum + change.values, 0);
    const entries = changed.length;
    return this.database.system(async (tx) => {
      if (entries > 0) tx.commitsAs('erased');
      const step = { ...at, leaseMs: LEASE_MS, entries, values, mentions: mentioned };
      const { cursorAt, cursorId } = at;
      if (!(await advanceErasure(tx, due, { ...step, cursorAt, cursorId }))) return false;
      await eraseEntries(tx, due.tenantId, changed);
      return true;
    });
  }

  private eraseArchived(
    due: DueErasure,
    { cursorAt, cursorId }: Pick<DueErasure, 'cursorAt' | 'cursorId'>,
    sought: Sought,
  ): Promise<boolean> {
    return this.archived.erase(due, sought, (replaced) =>
      this.database.system(async (tx) => {
        tx.commitsAs('erased');
        const { entries, values } = replaced;
        const step = { cursorAt, cursorId, leaseMs: LEASE_MS, entries, values, mentions: 0 };
        if (!(await advanceErasure(tx, due, step))) return false;
        await replacePersonal(tx, due.tenantId, replaced);
        return true;
      }),
    );
  }

  private async finish(due: DueErasure): Promise<boolean> {
    const ctx = Context.system(due.tenantId, 'audit-erasure');
    const reach = await this.database.transaction(ctx, outOfReach);
    return this.database.system(async (tx) => {
      tx.commitsAs('erased');
      const counts = await finishErasure(tx, due, reach);
      if (!counts) return false;
      const { tenantId, personId, pseudonym, names } = due;
      // What is yet to be said of what they have done is said under the pseudonym.
      await renameInFolds(tx, { tenantId, personId, pseudonym, names: names?.names ?? [] });
      const body = { personId, pseudonym, ...counts, outOfReach: reach };
      await this.database.record(tx, ctx, erasureDone(due.id, body));
      return true;
    });
  }

  /** An address may have become somebody else's: theirs stays. */
  private async theirsAlone(personId: string, found: SoughtText): Promise<SoughtText> {
    const some = found.names.slice(0, auditLimits.erasureNames);
    const names = await this.database.system(async (tx) => {
      const kept: string[] = [];
      for (const name of some) {
        const owner = await findAccount(tx, name);
        if (!owner || owner.id === personId) kept.push(name);
      }
      return kept;
    });
    return { ...found, names };
  }
}

function placeAfter(
  page: readonly EntryAt[],
  before: Pick<DueErasure, 'cursorAt' | 'cursorId'>,
): Pick<DueErasure, 'cursorAt' | 'cursorId'> {
  const last = page.at(-1);
  if (last) return { cursorAt: last.atText, cursorId: last.id };
  return { cursorAt: before.cursorAt, cursorId: before.cursorId };
}
