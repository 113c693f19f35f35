import { entriesAfter, type Wanted } from '../../deployments/reads/journal.queries.js';
import { plansOf } from '../../deployments/reads/plans.queries.js';
import type { JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { OpenContext } from '../../platform/context.js';

/** Entries of one deployment per question; more follow at once. */
export const ENTRIES_PER_READ = 200;

export type EntriesById = ReadonlyMap<string, readonly JournalEntry[]>;

export async function entriesOf(
  open: OpenContext,
  wanted: readonly Wanted[],
): Promise<EntriesById> {
  const found = new Map<string, JournalEntry[]>();
  for (const entry of await entriesAfter(open, wanted, ENTRIES_PER_READ)) {
    const before = found.get(entry.id);
    if (before) before.push(entry);
    else found.set(entry.id, [entry]);
  }
  return found;
}

/** What folds a journal: it wants the plans that the entries speak of. */
interface Folds {
  readonly id: string;
  needsPlans(entries: readonly JournalEntry[]): boolean;
  usePlans(plans: ReadonlyMap<number, Plan>): void;
}

export async function readPlans(
  open: OpenContext,
  all: readonly Folds[],
  entries: EntriesById,
): Promise<void> {
  const lacking = all.filter((each) => each.needsPlans(entries.get(each.id) ?? []));
  if (lacking.length === 0) return;
  const rows = await plansOf(
    open,
    lacking.map(({ id }) => id),
  );
  for (const each of lacking) {
    const own = rows.filter(({ id }) => id === each.id);
    each.usePlans(new Map(own.map(({ number, plan }): [number, Plan] => [number, plan])));
  }
}
