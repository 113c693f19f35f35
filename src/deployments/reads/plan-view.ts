import { movesOf, type Plan, type Step } from '../../engine/plan.js';
import { stepKey, type FoldedJournal } from '../../engine/journal.js';
import type { RunStatus } from '../../engine/run.js';
import type { DeploymentDetail } from '../deployments.dto.js';
import { warningsOf, wayBackWarnings } from '../steps/way-back-warnings.js';

/** A step as clients see it: node names, no ids of releases, no resolved parameters. */
export function stepView(step: Step) {
  const { id, kind, wave, title, deadlineMs } = step;
  return { id, kind, wave, title, deadlineMs, nodes: movesOf(step).map(({ name }) => name) };
}

export function planView(plan: Plan) {
  return { steps: plan.steps.map(stepView), ...warningsOf(wayBackWarnings(plan)) };
}

type Progress = DeploymentDetail['progress'];
type WaveState = Progress['waves'][number]['state'];

/** How far a run has come, from its plan and folded journal. */
export function progressOf(plan: Plan, journal: FoldedJournal, status: RunStatus): Progress {
  const isOver = status === 'Succeeded';
  const recordOf = (step: Step) => journal.steps.get(stepKey(journal.planNumber, step.id));
  const done = plan.steps.filter((step) => recordOf(step)?.status === 'succeeded').length;
  const current = plan.steps.find((step) => recordOf(step)?.status !== 'succeeded') ?? null;
  const waves = plan.steps
    .filter((step) => step.effects.includes('move'))
    .map((move) => ({
      wave: move.wave,
      nodes: movesOf(move).map(({ name }) => name),
      state: waveState(plan, move.wave, recordOf),
    }));
  return {
    percent: isOver ? 100 : Math.floor((100 * done) / Math.max(1, plan.steps.length)),
    wave: waves.filter(({ state }) => state !== 'waiting').length,
    step: current?.id ?? null,
    title: current?.title ?? null,
    waves,
  };
}

function waveState(
  plan: Plan,
  wave: number,
  recordOf: (step: Step) => { status: string } | undefined,
): WaveState {
  const own = plan.steps.filter((step) => step.wave === wave && !step.effects.includes('check'));
  const records = own.map((step) => recordOf(step)?.status);
  if (records.includes('failed')) return 'unstable';
  if (records.every((status) => status === 'succeeded')) return 'settled';
  if (records.every((status) => status === undefined)) return 'waiting';
  const gate = own.findIndex((step) => step.kind === 'gate');
  return gate >= 0 && records[gate] !== undefined ? 'watching' : 'moving';
}
