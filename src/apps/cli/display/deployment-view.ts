import type { Deployment } from '#sdk';
import { counted } from '../../../kernel/counted.js';
import { cellWidth } from './cell-width.js';
import { gateLines } from './gate-view.js';
import { printable } from './printable.js';
import { toned, toneOfStatus, type Style, type Tone } from './style.js';
import { clockText, timeText } from './times.js';
import { wrapped } from './wrapped.js';

type Wave = Deployment['progress']['waves'][number];

const SIGNS: Readonly<Record<Wave['state'], string>> = {
  waiting: '·',
  moving: '>',
  watching: '?',
  settled: '+',
  unstable: '!',
};
const NODES_SHOWN = 6;

/** A deployment as a block of lines: what it is, its waves, the open gate, what it waits for. */
export function deploymentView(deployment: Deployment, style: Style): string[] {
  const { waves } = deployment.progress;
  return [
    ...headLines(deployment, style),
    ...waves.flatMap((wave) => waveLines(wave, deployment, style)),
    ...footLines(deployment, style),
  ];
}

/** The same in so many lines at most, if it can be: waves that are over or yet to come are told together. */
export function deploymentViewWithin(
  deployment: Deployment,
  style: Style,
  height: number,
): string[] {
  const whole = deploymentView(deployment, style);
  if (whole.length <= height) return whole;
  return [
    ...headLines(deployment, style),
    ...groups(deployment.progress.waves).flatMap((group) =>
      group.length === 1 ? waveLines(group[0]!, deployment, style) : groupLines(group, style),
    ),
    ...footLines(deployment, style),
  ];
}

/** The status stands on the first line if there is room for it, and is never cut. */
function headLines(deployment: Deployment, style: Style): string[] {
  const { moduleName, version, targetEnvironment, cluster, status, progress } = deployment;
  const head = printable(`${moduleName} ${version} to ${targetEnvironment}/${cluster}`);
  const standing = `  ${progress.percent} %`;
  const tone = toned(status, toneOfStatus(status), style);
  const isShort = cellWidth(head) + 2 + status.length + standing.length <= style.columns;
  if (isShort) return [`${head}  ${tone}${standing}`];
  return [...wrapped(head, style.columns), `  ${tone}${standing}`];
}

function footLines(deployment: Deployment, style: Style): string[] {
  return [...endLines(deployment), ...waitingLines(deployment, style)].flatMap((line) =>
    wrapped(printable(line), style.columns),
  );
}

function waveLines(wave: Wave, deployment: Deployment, style: Style): string[] {
  const { nodes, state } = wave;
  const count = counted(nodes.length, 'node');
  const start = `  ${SIGNS[state]} wave ${wave.wave}  ${state.padEnd(8)}  ${count.padEnd(9)} `;
  const check = deployment.gateCheck;
  const isOpen = check !== null && waveOf(check.step) === wave.wave && state === 'watching';
  return [
    toned(
      (start + namesWithin(nodes, style.columns - start.length)).trimEnd(),
      toneOf(wave),
      style,
    ),
    ...(isOpen ? gateLines(check, style) : []),
  ];
}

/** Whole names, as many as there is room for: their count stands before them. */
function namesWithin(nodes: readonly string[], room: number): string {
  for (let count = Math.min(NODES_SHOWN, nodes.length); count > 0; count -= 1) {
    const more = nodes.length > count ? ', …' : '';
    const names = printable(nodes.slice(0, count).join(', ')) + more;
    if (cellWidth(names) <= room) return names;
  }
  return '';
}

function groups(waves: readonly Wave[]): Wave[][] {
  const found: Wave[][] = [];
  for (const wave of waves) {
    const last = found.at(-1);
    const isAlike = last?.[0]?.state === wave.state;
    if (last && isAlike && ['settled', 'waiting'].includes(wave.state)) last.push(wave);
    else found.push([wave]);
  }
  return found;
}

function groupLines(group: readonly Wave[], style: Style): string[] {
  const [first, last] = [group[0]!, group.at(-1)!];
  const nodes = group.reduce((sum, wave) => sum + wave.nodes.length, 0);
  const range = `waves ${first.wave} to ${last.wave}`;
  const line = `  ${SIGNS[first.state]} ${range}  ${first.state}  ${counted(nodes, 'node')}`;
  return wrapped(line, style.columns).map((part) => toned(part, toneOf(first), style));
}

const TONES: Readonly<Record<Wave['state'], Tone>> = {
  waiting: 'faint',
  moving: 'busy',
  watching: 'busy',
  settled: 'good',
  unstable: 'bad',
};

const toneOf = ({ state }: Wave): Tone => TONES[state];

/** What decided against it, with its figures; or why it is as it is. */
function endLines({ decision, reason }: Deployment): string[] {
  if (decision) return [`  decided by ${decision.step}: ${decision.reason}`];
  return reason ? [`  reason: ${reason}`] : [];
}

function waitingLines(
  { waitingOn, finishedAt, gateCheck }: Deployment,
  { isUtc }: Style,
): string[] {
  if (!waitingOn || finishedAt) return [];
  const { detail, who, verb, until } = waitingOn;
  // The gate's own words stand above already.
  const said = gateCheck === null ? null : `: ${gateCheck.reason}`;
  const what = said !== null && detail.endsWith(said) ? detail.slice(0, -said.length) : detail;
  const latest = until === null ? '' : `, until ${clockText(until, isUtc)}`;
  return [
    `  waiting: ${what}${latest}`,
    verb ? `  to go on: ${verb}, by ${who}` : `  waits for ${who}`,
  ];
}

/** Step ids begin with their wave: `w2.stabilization`. */
function waveOf(step: string): number | null {
  const number = /^w(\d+)\./.exec(step)?.[1];
  return number === undefined ? null : Number(number);
}

/** Everything that `deployments show` tells beside the block above. */
export function deploymentFacts(deployment: Deployment, { isUtc }: Style): string[] {
  const { id, requestedBy, createdAt, startedAt, finishedAt, strategy, metadata } = deployment;
  const facts: [string, string][] = [
    ['id', id],
    ['strategy', choiceText(strategy)],
    ['gate', choiceText(deployment.gate)],
    ['requested by', requestedBy],
    ['created', timeText(createdAt, isUtc)],
    ['started', startedAt ? timeText(startedAt, isUtc) : '-'],
    ['finished', finishedAt ? timeText(finishedAt, isUtc) : '-'],
    ...Object.entries(metadata).map(([name, value]): [string, string] => [
      `metadata ${name}`,
      value,
    ]),
  ];
  return facts.map(([name, value]) => printable(`  ${name.padEnd(13)} ${value}`));
}

/** `canary wavesPercent=10,50,100`. */
export function choiceText({ kind, ...params }: { kind: string; [name: string]: unknown }): string {
  const shown = Object.entries(params).map(
    ([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`,
  );
  return [kind, ...shown].join(' ');
}
