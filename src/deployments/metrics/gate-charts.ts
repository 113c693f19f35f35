/** The gates of a deployment as charts: the newest ones, as many as may be folded for one answer. */
import { setImmediate } from 'node:timers/promises';
import type { OpenContext } from '../../platform/context.js';
import { unpackEvidence } from '../gates/gate-evidence.js';
import { drawnGate, type TimedSample } from './gate-chart.js';
import { gateRows, gateSampleRows, type GateRow } from './gate-charts.views.js';
import { metricLimits } from './metric-limits.js';
import type { GateChart } from './metrics.dto.js';

export async function gateCharts(open: OpenContext, id: string): Promise<GateChart[]> {
  const rows = await gateRows(open, id);
  const steps = foldable(rows);
  const samples = await gateSampleRows(open, id, steps);
  const charts: GateChart[] = [];
  for (const row of rows) {
    const own = samples.filter(({ stepId }) => stepId === row.stepId);
    const timed = own.map(({ at, body }) => ({ at: at.getTime(), sample: body }));
    charts.push(chartOf(row, timed.length > 0 ? timed : fromEvidence(row)));
    // Others are served in between.
    await setImmediate();
  }
  return charts;
}

function foldable(rows: readonly GateRow[]): string[] {
  let left: number = metricLimits.gatePolls;
  return rows.toReversed().flatMap(({ stepId, polls }) => {
    left -= polls;
    return left >= 0 ? [stepId] : [];
  });
}

/** Samples are kept for two weeks; what a verdict was made of stays with it, without its times. */
function fromEvidence({ evidenceText, decidedAt }: GateRow): TimedSample[] {
  if (evidenceText === null || decidedAt === null) return [];
  const { samples } = unpackEvidence(evidenceText);
  const lastS = samples.at(-1)?.ageS ?? 0;
  return samples
    .slice(-metricLimits.gatePolls)
    .map((sample) => ({ at: decidedAt.getTime() - 1000 * (lastS - sample.ageS), sample }));
}

function chartOf({ stepId, spec, verdict, decidedAt, polls }: GateRow, samples: TimedSample[]) {
  const wave = /^w(\d+)\./.exec(stepId)?.[1];
  return {
    step: stepId,
    wave: wave === undefined ? null : Number(wave),
    kind: spec.kind,
    nodes: spec.wave.map(({ name }) => name),
    verdict: verdict ?? ('waiting' as const),
    decidedAt: decidedAt?.toISOString() ?? null,
    polls: Math.max(polls, samples.length),
    ...drawnGate(spec, samples),
  };
}
