/** One sentence per verdict, with the figures that decided it, for the person who was woken by it. */
import { counted } from '../../../kernel/counted.js';
import type { Broken, GateBaselines, GateReading, MeasureReading } from '../gate.js';
import { goodChecks } from '../good-checks.js';
import { nodeNames } from '../node-names.js';
import type { Poll } from './poll.js';
import type { StabilizationParams } from './stabilization-params.js';
import type { Measure } from './stabilization-state.js';
import type { Cause } from './verdict.js';

export interface ReasonInput {
  readonly cause: Cause;
  /** What decided: the present block for harm, the smoothed reading for a pass or a time-out. */
  readonly reading: GateReading;
  readonly poll: Poll;
  readonly failedNodes: readonly string[];
  readonly silentNodes: readonly string[];
  /** The open block's requests. */
  readonly blockRequests: number;
  readonly requests: number;
  /** Of those, given up by their clients. */
  readonly abandoned: number;
  readonly params: StabilizationParams;
  readonly broken: NonNullable<GateBaselines['broken']>;
}

export function reasonOf(input: ReasonInput): string {
  const notes = [notJudgedNote(input.broken), abandonedNote(input)];
  return [sentenceOf(input.cause, input), ...notes.filter((note) => note !== null)].join('; ');
}

function abandonedNote({ requests, abandoned }: ReasonInput): string | null {
  if (abandoned === 0) return null;
  return `${abandoned} of ${counted(Math.round(requests), 'request')} since the move got no answer before their client left`;
}

/** What was not judged and why, for somebody who reads nothing else at that hour. */
function notJudgedNote({ wave, earlier }: ReasonInput['broken']): string | null {
  const what = 'latency, CPU and memory were not judged';
  if (wave) return `${what}, because these nodes ${wereBroken(wave)}`;
  return earlier ? `${what} of the nodes moved earlier, because they ${wereBroken(earlier)}` : null;
}

function wereBroken({ why, err }: Broken): string {
  const share = `${percent(err)} of their requests`;
  const how = {
    down: 'were down',
    errors: `failed ${share}`,
    unanswered: `did not answer ${share}`,
  };
  return `${how[why]} before the move`;
}

function sentenceOf(cause: Cause, input: ReasonInput): string {
  const { reading, params } = input;
  switch (cause.because) {
    case 'node-failed':
      return `${nodeNames(input.failedNodes)} reported that the release failed`;
    case 'harm':
      return harmReason(cause.measure, input);
    case 'settled':
      return (
        `${reading.consecutiveGood} good checks in a row after ${seconds(reading.ageS)}: ` +
        figures(reading)
      );
    case 'too-early':
      return waitingReason(input);
    case 'no-baseline':
      return 'no baseline: too little is known about these nodes before the move to compare with';
    case 'too-few-checks':
      return (
        `only ${reading.checks} of ${params.minChecks} checks counted within ` +
        `${seconds(params.maxWaitMs / 1000)}: ${Math.round(input.requests)} requests${silent(input)}`
      );
    case 'no-data':
      return `not every measure was reported within ${seconds(params.maxWaitMs / 1000)}: ${figures(reading)}`;
    case 'better-than-broken':
      return `not good, but better than before the move, so nothing is rolled back: ${sentenceOf(cause.instead, input)}`;
    case 'unanswered-as-before':
      return `not good, but neither was it before the move, so nothing is rolled back: ${sentenceOf(cause.instead, input)}`;
    case 'never-settled':
      return (
        `not ${params.consecutiveStableChecks} good checks in a row within ` +
        `${seconds(params.maxWaitMs / 1000)}: ${overReason(cause.measure, reading)}`
      );
  }
}

function harmReason(measure: Measure, { poll, reading }: ReasonInput): string {
  if (measure === 'node' && poll.worst) {
    const { node, n, errors } = poll.worst;
    return `errors on node ${node} ${percent(errors / n)} (${errors} of ${n} requests in the last poll)`;
  }
  if (measure.startsWith('earlier-')) {
    const what = measure.slice('earlier-'.length);
    const { errors, n } = poll.earlier ?? { errors: 0, n: 0 };
    const figure = what === 'errors' && n > 0 ? `: ${percent(errors / n)} in the last poll` : '';
    return `${LABELS[what] ?? what} of nodes moved by earlier waves got worse than allowed${figure}`;
  }
  return overReason(measure, reading);
}

function waitingReason(input: ReasonInput): string {
  const { poll, reading, params, blockRequests } = input;
  if (!poll.isWarm) {
    return `warming up, ${seconds(reading.ageS)} of ${seconds(params.warmUpMs / 1000)}: ${errorFigure(reading)}`;
  }
  const { minWaitMs, consecutiveStableChecks: needed } = params;
  const { consecutiveGood: good } = reading;
  const progress = goodChecks({ good, needed, ageMs: reading.ageS * 1000, minWaitMs });
  // Once they are enough, how far the next one is decides nothing.
  const next = `, ${Math.round(blockRequests)} of ${params.minRequests} requests toward the next`;
  return `${progress}${good < needed ? next : ''}${silent(input)}: ${figures(reading)}`;
}

function overReason(measure: string | undefined, reading: GateReading): string {
  if (measure === 'errors') return errorFigure(reading);
  if (measure === 'latency') return latencyFigure(reading);
  if (measure === 'cpu') return cpuFigure(reading);
  if (measure === 'memory') return memoryFigure(LABELS.memory!, reading.memory);
  if (measure === 'leak' && reading.leak) return memoryFigure('memory at its trend', reading.leak);
  if (measure === 'earlier-memory') return 'memory of the nodes moved first is above its limit';
  return `within the limits now, but not steadily: ${figures(reading)}`;
}

const LABELS: Readonly<Record<string, string>> = {
  errors: 'errors',
  latency: 'latency p95',
  cpu: 'CPU',
  memory: 'memory',
};

function figures(reading: GateReading): string {
  return [
    errorFigure(reading),
    latencyFigure(reading),
    cpuFigure(reading),
    memoryFigure(LABELS.memory!, reading.memory),
  ].join('; ');
}

function errorFigure({ errors }: GateReading): string {
  return figure('errors', errors, percent);
}

function latencyFigure({ latency }: GateReading): string {
  return figure('latency p95', latency, (value) => `${short(value)} ms`);
}

function cpuFigure({ cpu }: GateReading): string {
  return figure('CPU', cpu, (value) => `${value.toFixed(2)} cores`);
}

function memoryFigure(label: string, reading: MeasureReading): string {
  return figure(label, reading, (value) => `${short(value)} MiB`);
}

function figure(label: string, reading: MeasureReading, show: (value: number) => string): string {
  if (reading.baseline === null || reading.allowed === null) return `${label} not judged`;
  const value = reading.value === null ? 'without data' : show(reading.value);
  return `${label} ${value} against ${show(reading.baseline)}, allowed ${show(reading.allowed)}`;
}

function silent({ silentNodes }: ReasonInput): string {
  return silentNodes.length === 0 ? '' : `, ${nodeNames(silentNodes)} silent`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function short(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function seconds(value: number): string {
  return `${Math.round(value)} s`;
}
