/**
 * Taking a release back puts the nodes where they were. Where that was broken, and the release is bad
 * but better, an undo would make it worse: a person decides then.
 */
import type { GateBaselines } from '../gate.js';
import { errorLimit } from './allowance.js';
import type { Cause, VerdictInput } from './verdict.js';

export function withoutUndoIntoWorse(cause: Cause, input: VerdictInput): Cause {
  if (cause.verdict !== 'unstable' || cause.because === 'node-failed') return cause;
  if (!isBroken(input.baselines)) return cause;
  if (isBetterThanBefore(input)) {
    return { verdict: 'inconclusive', because: 'better-than-broken', instead: cause };
  }
  // It may be long polls, whose clients leave by design, and then neither is bad.
  if (input.baselines.broken?.wave?.why !== 'unanswered') return cause;
  return { verdict: 'inconclusive', because: 'unanswered-as-before', instead: cause };
}

/** Nothing that is not known may lead back to what is known to be broken. */
export function needsPerson({ verdict }: Cause, baselines: GateBaselines): boolean {
  return verdict === 'inconclusive' && isBroken(baselines);
}

function isBroken({ broken }: GateBaselines): boolean {
  return broken?.wave !== undefined || broken?.earlier !== undefined;
}

/** Of all requests to moved nodes in this gate clearly fewer fail than did before the moves. */
function isBetterThanBefore({ state, baselines, params }: VerdictInput): boolean {
  const { requests, errors, earlierRequests, earlierErrors } = state;
  const { wave, earlier, broken } = baselines;
  const all = requests + earlierRequests;
  if (all === 0) return false;
  const before =
    requests * (broken?.wave?.err ?? wave?.err ?? 0) +
    earlierRequests * (broken?.earlier?.err ?? earlier?.err ?? 0);
  return (errors + earlierErrors) / all < before / all - errorLimit(params);
}
