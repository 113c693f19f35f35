import type { Deployment } from '#sdk';
import { gateLines } from './gate-view.js';
import { printable } from './printable.js';
import { toned, toneOfStatus, type Style } from './style.js';
import { counted, fitted } from './table.js';
import { clockText, timeText } from './times.js';

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
  const { moduleName, version, targetEnvironment, cluster, status, progress } = deployment;
  const head = `${moduleName} ${version} to ${targetEnvironment}/${cluster}`;
  const { columns } = style;
  const standing = `  ${progress.percent} %`;
  const room = columns - status.length - standing.length - 2;
  return [
    `${fitted(printable(head), room)}  ${toned(status, toneOfStatus(status), style)}${standing}`,
    ...progress.waves.flatMap((wave) => waveLines(wave, deployment, style)),
    ...endLines(deployment).map((line) => fitted(printable(line), columns)),
    ...waitingLines(deployment, style),
  ];
}

function waveLines(wave: Wave, deployment: Deployment, style: Style): string[] {
  const { nodes, state } = wave;
  const count = counted(nodes.length, 'node');
  const more = nodes.length > NODES_SHOWN ? ', …' : '';
  const names = nodes.slice(0, NODES_SHOWN).join(', ') + more;
  const line = `  ${SIGNS[state]} wave ${wave.wave}  ${state.padEnd(8)}  ${count.padEnd(9)} ${names}`;
  const tone =
    state === 'settled'
      ? 'good'
      : state === 'unstable'
        ? 'bad'
        : state === 'waiting'
          ? 'faint'
          : 'busy';
  const check = deployment.gateCheck;
  const isOpen = check !== null && waveOf(check.step) === wave.wave && state === 'watching';
  return [
    toned(fitted(printable(line), style.columns), tone, style),
    ...(isOpen ? gateLines(check, style) : []),
  ];
}

/** What decided against it, with its figures; or why it is as it is. */
function endLines({ decision, reason }: Deployment): string[] {
  if (decision) return [`  decided by ${decision.step}: ${decision.reason}`];
  return reason ? [`  reason: ${reason}`] : [];
}

function waitingLines({ waitingOn, finishedAt }: Deployment, style: Style): string[] {
  if (!waitingOn || finishedAt) return [];
  const { detail, who, verb, until } = waitingOn;
  const how = verb ? `${who} (${verb})` : who;
  const latest = until === null ? '' : `, until ${clockText(until, style.isUtc)}`;
  return [`  waiting: ${detail}`, `  for ${how}${latest}`].map((line) =>
    fitted(printable(line), style.columns),
  );
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
