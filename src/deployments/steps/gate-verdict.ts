/** What a gate has decided, in the audit log: with what it was judged by, in digits that are hashed alike. */
import type { CallOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { gateJudged, type MeasureJudged } from '../deployments.events.js';
import type { GateReading } from '../gates/gate.js';
import type { stepTypes } from '../strategies/step-types.js';

type Gate = typeof stepTypes.gate;

const MEASURES = ['errors', 'latency', 'cpu', 'memory', 'leak'] as const;
const DIGITS = 6;
const REASON_CHARACTERS = 1_000;

/** Answers the outcome. In the transaction in which it is journalled: one entry for each that ends the step. */
export async function recordVerdict<Outcome extends { readonly outcome: string }>(
  open: OpenContext,
  call: CallOf<Gate>,
  outcome: Outcome,
): Promise<Outcome> {
  const judged = judgedBy(outcome as unknown as OutcomeOf<Gate>);
  if (!judged) return outcome;
  const { step, planNumber: plan, key } = call;
  const { id, wave, params } = step;
  const about = { plan, step: id, wave, gate: params.gate.kind };
  await open.record(gateJudged(key.id, { ...about, ...judged }));
  return outcome;
}

function judgedBy(outcome: OutcomeOf<Gate>) {
  if (outcome.outcome === 'done') return judged('passed', outcome.output ?? {});
  if (outcome.outcome !== 'unstable') return null;
  return judged('refused', { reason: outcome.reason, ...outcome.evidence });
}

function judged(outcome: 'passed' | 'refused', seen: Readonly<Record<string, unknown>>) {
  const { verdict, reason, samples, promoted, by } = seen;
  const reading = (seen['reading'] ?? null) as GateReading | null;
  return {
    outcome,
    verdict: textOf(verdict),
    reason: textOf(reason)?.slice(0, REASON_CHARACTERS).toWellFormed() ?? null,
    samples: countOf(samples),
    requests: countOf(reading?.requests),
    measures: reading ? measuresOf(reading) : [],
    promotedBy: promoted === true ? textOf(by) : null,
  };
}

function measuresOf(reading: GateReading): MeasureJudged[] {
  return MEASURES.flatMap((measure) => {
    const judged = reading[measure];
    if (!judged) return [];
    const { value, baseline, allowed, ok } = judged;
    const digits = {
      value: digitsOf(value),
      baseline: digitsOf(baseline),
      allowed: digitsOf(allowed),
    };
    return [{ measure, ...digits, ok }];
  });
}

/** No fraction is hashed: languages write them differently. */
function digitsOf(value: number | null): string | null {
  return value === null ? null : String(Number(value.toPrecision(DIGITS)));
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
const countOf = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : null);
