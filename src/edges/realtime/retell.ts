/** Tells newcomers what they have missed, deployment by deployment, the oldest first. */
import type { JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { OpenContext } from '../../platform/context.js';
import { Told } from './frame.js';
import { ENTRIES_PER_READ, entriesOf, readPlans } from './journal-reads.js';
import { liveLimits } from './live-limits.js';
import type { Newcomer } from './newcomer.js';
import { Projection } from './projection.js';

/** Deployments per read. */
const AT_ONCE = 50;

type Read = <T>(work: (open: OpenContext) => Promise<T>) => Promise<T>;

/**
 * Answers those who have heard everything. Who reads too slowly for the others is handed to `late` when it
 * has caught up with what was sent, and knows where it stands.
 */
export async function retell<N extends Newcomer>(
  read: Read,
  all: readonly N[],
  late: (newcomer: N) => void,
): Promise<readonly N[]> {
  let listeners = all.filter(({ isGone }) => !isGone);
  // Ids are of UUIDv7: sorted, they are in the order of creation.
  const ids = [...new Set(listeners.flatMap(({ missing }) => [...missing.keys()]))].sort();
  while (ids.length > 0) {
    let stories = ids.splice(0, AT_ONCE).map((id) => new Story(id, listeners));
    while (stories.length > 0) {
      const entries = await read(async (open) => {
        const found = await entriesOf(open, stories);
        await readPlans(open, stories, found);
        return found;
      });
      listeners = listeners.filter((each) => isInTime(each, late));
      const told = stories.map((story) => story.tell(entries.get(story.id) ?? []));
      for (const listener of listeners) listen(listener, told);
      stories = stories.filter((story) => !story.isOver);
    }
  }
  return listeners;
}

interface Page {
  readonly id: string;
  readonly told: readonly Told[];
}

/** One journal, folded from its beginning, as far as anybody has to hear it. */
class Story {
  isOver = false;
  private readonly projection: Projection;
  private readonly upTo: number;

  constructor(
    readonly id: string,
    listeners: readonly Newcomer[],
  ) {
    this.projection = new Projection(id);
    this.upTo = Math.max(...listeners.map(({ missing }) => missing.get(id)?.upTo ?? 0));
  }

  get after(): number {
    return this.projection.sequence;
  }

  needsPlans(entries: readonly JournalEntry[]): boolean {
    return entries.some((entry) => this.projection.needsPlans(entry));
  }

  usePlans(plans: ReadonlyMap<number, Plan>): void {
    this.projection.usePlans(plans);
  }

  tell(entries: readonly JournalEntry[]): Page {
    const told = entries.map((entry) => new Told(entry.seq, this.projection.apply(entry, null)));
    this.isOver = entries.length < ENTRIES_PER_READ || this.after >= this.upTo;
    return { id: this.id, told };
  }
}

function listen({ subscriber, missing }: Newcomer, pages: readonly Page[]): void {
  const frames: Buffer[] = [];
  for (const { id, told } of pages) {
    const stretch = missing.get(id);
    if (!stretch) continue;
    for (const { sequence, frame } of told.filter((each) => isMissing(each, stretch))) {
      frames.push(frame);
      stretch.after = sequence;
    }
  }
  if (frames.length > 0) subscriber.outlet.write(Buffer.concat(frames));
}

function isMissing({ sequence }: Told, { after, upTo }: { after: number; upTo: number }): boolean {
  return sequence > after && sequence <= upTo;
}

/** Nobody waits for one that reads slowly: it goes on by itself later, from where it stands. */
function isInTime<N extends Newcomer>(newcomer: N, late: (newcomer: N) => void): boolean {
  const { subscriber, missing, places } = newcomer;
  if (newcomer.isGone) return false;
  if (subscriber.outlet.backlogBytes <= liveLimits.pauseBytes) return true;
  for (const [id, { after, upTo }] of missing) places.set(id, Math.min(after, upTo));
  void subscriber.outlet.drained().then(() => {
    if (!newcomer.isGone) late(newcomer);
  });
  return false;
}
