import { activeStatuses } from '../../deployments/deployment.states.js';
import type { Head } from '../../deployments/deployments.queries.js';
import { assert } from '../../kernel/assert.js';
import type { FollowedLine, FollowingAll, SubscriptionToAll } from './hub-messages.js';
import { liveLimits } from './live-limits.js';

/** What a client says of what it has seen; `since` null: nothing yet. */
export interface Resumption {
  readonly since: number | null;
  readonly seen: ReadonlyMap<string, number>;
}

/** Null: it has not asked with `since`, and gets the snapshot alone. */
export function resumptionOf(asked: SubscriptionToAll): Resumption | null {
  if (!asked || !('since' in asked)) return null;
  const { since, seen } = asked;
  return {
    since: since === null ? null : Date.parse(since),
    seen: new Map(Object.entries(seen).map(([id, sequence]) => [id.toLowerCase(), sequence])),
  };
}

/** What was found for it: by the database's clock, and nothing that it may not read. */
export interface Found {
  readonly now: number;
  readonly heads: readonly Head[];
  /** Of those that are over: when their last entry was written. */
  readonly lastAt: ReadonlyMap<string, number>;
  /** More have ended than are looked at: before this, null is none. */
  readonly endedBefore: number | null;
}

const MINUTE_MS = 60_000;

/** Where each deployment goes on for a client, and what it is told of that. Decides, and reads nothing. */
export function resume({ since, seen }: Resumption, found: Found): FollowingAll {
  const { now, heads, lastAt } = found;
  const settled = now - liveLimits.commitMs;
  // What was under way then may have been committed only afterwards.
  const from = since === null ? null : Math.min(since, settled);
  const reason = from === null ? null : faultOf(since!, from, found);
  const isResumed = from !== null && reason === null;
  const active: FollowedLine[] = [];
  const ended: FollowedLine[] = [];
  for (const { id, status, sequence, endedAt } of heads) {
    const known = seen.get(id);
    const isActive = activeStatuses.includes(status);
    if (isActive) {
      // Who resumes and does not know it hears of it from its beginning.
      const after = Math.min(known ?? (since === null ? sequence : 0), sequence);
      active.push({ id, status, sequence, after });
      continue;
    }
    assert(endedAt !== null, 'what is over has ended at some time');
    const isMissed = isResumed && endedAt > from && (lastAt.get(id) ?? endedAt) > from;
    const after = known ?? (isMissed ? 0 : sequence);
    if (after < sequence) ended.push({ id, status, sequence, after });
  }
  return { since: new Date(settled).toISOString(), isResumed, reason, active, ended };
}

function faultOf(since: number, from: number, { now, endedBefore }: Found): FollowingAll['reason'] {
  const oldest = now - liveLimits.sinceMs;
  if (since > now + MINUTE_MS) {
    return {
      code: 'since-in-future',
      message: `It is ${timeText(now)} here. Take "since" from the last acknowledgement or DeploymentsUpTo.`,
    };
  }
  if (from >= oldest && (endedBefore === null || from >= endedBefore)) return null;
  const first = Math.max(oldest, endedBefore ?? oldest);
  return {
    code: 'since-too-old',
    message: `What ended before ${timeText(first)} is not told again. Go on from this snapshot; GET /api/v1/deployments lists what ended.`,
  };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
