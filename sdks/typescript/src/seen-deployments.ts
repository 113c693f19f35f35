import { isFinal } from './follow-deployment.js';

/** What came over the live hub; fields as in the documentation of the hub. */
export interface LiveEvent {
  readonly name: string;
  readonly payload: {
    readonly deploymentId: string;
    /** Readings of gates have none: they are the latest, and no history. */
    readonly sequence?: number;
    readonly status?: string;
    readonly at: string;
    readonly [field: string]: unknown;
  };
}

interface Line {
  readonly id: string;
  readonly status: string;
  readonly sequence: number;
  readonly after: number;
}

/** How the server answers SubscribeToAllDeployments with `since`. */
export interface Following {
  readonly since: string;
  readonly isResumed: boolean;
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly active: readonly Line[];
  readonly ended: readonly Line[];
}

interface Place {
  sequence: number;
  /** By the event that said so; null while it is not over. */
  endedAt: number | null;
}

/** What the server takes; of more, those that ended first are left out. */
const MOST = 2_000;

/**
 * What a follower of all deployments has to remember so that after a pause it misses nothing and gets nothing
 * twice: the last sequence of each deployment that is not over, or has ended after `since`.
 */
export class SeenDeployments {
  private since: string | null = null;
  private readonly places = new Map<string, Place>();

  /** The body of SubscribeToAllDeployments. */
  body(): { since: string | null; seen: Record<string, number> } {
    const byEnd = [...this.places].sort(
      ([, one], [, other]) => (other.endedAt ?? Infinity) - (one.endedAt ?? Infinity),
    );
    const seen = byEnd.slice(0, MOST).map(([id, { sequence }]) => [id, sequence] as const);
    return { since: this.since, seen: Object.fromEntries(seen) };
  }

  answered({ since, active, ended }: Following): void {
    const lines = [...active, ...ended];
    const named = new Set(lines.map(({ id }) => id));
    for (const [id, { endedAt }] of this.places) {
      if (endedAt === null && !named.has(id)) this.places.delete(id);
    }
    for (const { id, after } of lines) {
      if (!this.places.has(id)) this.places.set(id, { sequence: after, endedAt: null });
    }
    this.upTo(since);
  }

  /** Everything until then has come: what was over before it is not asked about any more. */
  upTo(since: string): void {
    this.since = since;
    const time = Date.parse(since);
    for (const [id, { endedAt }] of this.places) {
      if (endedAt !== null && endedAt < time) this.places.delete(id);
    }
  }

  /** False: it was there before. */
  take({ name, payload }: LiveEvent): boolean {
    const { deploymentId: id, sequence, status, at } = payload;
    if (sequence === undefined) return true;
    const place = this.places.get(id) ?? { sequence: 0, endedAt: null };
    // What it waits for changes without an entry of its own: the same sequence, and news all the same.
    if (sequence === place.sequence) return name === 'DeploymentProgress';
    if (sequence < place.sequence) return false;
    place.sequence = sequence;
    if (status !== undefined && isFinal(status)) place.endedAt = Date.parse(at);
    this.places.set(id, place);
    return true;
  }
}
