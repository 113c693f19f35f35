/** What would be signed, for people who have to read it in a terminal: what changes first, then who decides. */
import type { components } from '#sdk';
import { counted } from '../../../kernel/counted.js';
import { choiceText } from './deployment-view.js';
import { diffLines } from './diff-lines.js';
import { printable } from './printable.js';
import { toned, type Style, type Tone } from './style.js';
import { timeText } from './times.js';
import { wrapped } from './wrapped.js';

export type ApprovalSubject = components['schemas']['ApprovalSubject'];

const NODES_SHOWN = 12;

export function subjectView(subject: ApprovalSubject, style: Style): string[] {
  return [
    ...headLines(subject, style),
    ...section('runs there now', runningLines(subject, style)),
    ...section('manifest', diffLines(subject.differences.manifest, style)),
    ...section('configuration', configurationLines(subject, style)),
    ...section('nodes', nodeLines(subject, style)),
    ...section('strategy and gate', choiceLines(subject, style)),
    ...section('this release elsewhere', historyLines(subject, style)),
    ...section('also on its way there', waitingLines(subject, style)),
    ...section('who decides', ruleLines(subject, style)),
    ...section(
      'said so far',
      subject.decisions.flatMap((one) => decisionLines(one, style)),
    ),
    ...endLines(subject, style),
  ].map((line) => line.trimEnd());
}

/** As many lines as it needs: what somebody signs is never cut off. */
function told(line: string, style: Style, tone: Tone | null = null): string[] {
  return wrapped(printable(line), style.columns).map((part) => toned(part, tone, style));
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function headLines(subject: ApprovalSubject, style: Style): string[] {
  const { moduleName, version, targetEnvironment, cluster, status, requestedBy } = subject;
  const { release, metadata, request, deploymentId } = subject;
  const { isUtc } = style;
  const signed = release.signedWith === null ? 'not signed' : `signed with ${release.signedWith}`;
  const facts: (readonly [string, string])[] = [
    ['deployment', deploymentId],
    ['asked for', `by ${requestedBy}, ${timeText(subject.createdAt, isUtc)}`],
    ['release', `${release.releaseDigest.slice(0, 19)}…, by ${release.createdBy}, ${signed}`],
    ...(request?.status === 'open'
      ? [['decide by', timeText(request.deadlineAt, isUtc)] as const]
      : []),
    ...Object.entries(metadata).map(([name, value]) => [name, value] as const),
  ];
  return [
    ...told(`${moduleName} ${version} to ${targetEnvironment}/${cluster}: ${status}`, style),
    ...(subject.isDowngrade
      ? told('  OLDER than what runs there now: approving it needs --downgrade', style, 'bad')
      : []),
    ...facts.flatMap(([name, value]) => told(`  ${name.padEnd(11)} ${value}`, style)),
  ];
}

function runningLines({ running }: ApprovalSubject, style: Style): string[] {
  if (running.length === 0) return ['  nothing of this module'];
  return running.flatMap(({ version, configurationNumber, nodes, down, isCompared }) => {
    const configured = configurationNumber === null ? '' : `, configuration ${configurationNumber}`;
    const isDown = down > 0 ? `, down on ${down}` : '';
    const compared = isCompared && running.length > 1 ? ' (compared with)' : '';
    return told(
      `  ${version}${configured} on ${counted(nodes, 'node')}${isDown}${compared}`,
      style,
    );
  });
}

function configurationLines(
  { configuration, differences }: ApprovalSubject,
  style: Style,
): string[] {
  const own = configuration
    ? told(`  number ${configuration.number}, by ${configuration.createdBy}`, style)
    : ['  none of its own'];
  if (differences.configuration === null)
    return [...own, '  values are hidden: you may not read them'];
  return [...own, ...diffLines(differences.configuration, style)];
}

function nodeLines({ nodes, version }: ApprovalSubject, style: Style): string[] {
  const items = nodes.items.slice(0, NODES_SHOWN);
  const shown = items.flatMap(({ name, state, wave, change, before }) => {
    const to =
      change === 'left-out' ? `stays out (${state})` : change === 'same' ? 'has it' : version;
    const from = before ?? 'nothing';
    return told(`  ${wave === null ? '      ' : `wave ${wave}`}  ${name}  ${from} -> ${to}`, style);
  });
  const more = nodes.items.length - items.length + nodes.more;
  return more > 0 ? [...shown, `  and ${more} more`] : shown;
}

function choiceLines({ strategy, gate }: ApprovalSubject, style: Style): string[] {
  const own = choiceText({ kind: strategy.kind, ...strategy.params });
  const lines = [...told(`  ${own}`, style), ...diffLines(strategy.differs, style, '')];
  const other = gate.limits.filter(({ standing }) => standing !== 'same');
  if (gate.kind !== gate.environmentKind) {
    lines.push(
      ...told(`  gate ${gate.kind}, not ${gate.environmentKind} as usual there`, style, 'bad'),
    );
  }
  for (const { name, value, environment, standing } of other) {
    const text = `  ${name} ${value ?? '-'} instead of ${environment ?? '-'}: ${standing}`;
    lines.push(...told(text, style, standing === 'stricter' ? 'good' : 'bad'));
  }
  return other.length === 0 ? [...lines, `  gate ${gate.kind} as the environment has it`] : lines;
}

function historyLines({ releaseHistory }: ApprovalSubject, style: Style): string[] {
  if (releaseHistory.length === 0) return told('  nothing yet: it has run nowhere', style, 'bad');
  return releaseHistory.flatMap((one) => {
    const { environment, cluster, status, createdAt, verdicts } = one;
    const { stable, unstable, inconclusive } = verdicts;
    const gates = [
      stable > 0 ? `${stable} stable` : '',
      unstable > 0 ? `${unstable} unstable` : '',
      inconclusive > 0 ? `${inconclusive} inconclusive` : '',
    ].filter(Boolean);
    const seen = gates.length > 0 ? `, gates: ${gates.join(', ')}` : '';
    const line = `  ${environment}/${cluster}  ${status}${seen}  ${timeText(createdAt, style.isUtc)}`;
    const tone = status === 'Succeeded' ? 'good' : status === 'RolledBack' ? 'bad' : null;
    return told(line, style, tone);
  });
}

function waitingLines({ waiting }: ApprovalSubject, style: Style): string[] {
  return waiting.flatMap(({ id, version, status, requestedBy }) =>
    told(`  ${version}  ${status}  by ${requestedBy}  ${id}`, style),
  );
}

function ruleLines({ rules }: ApprovalSubject, style: Style): string[] {
  return rules.flatMap((rule) => {
    const { name, need, have, isMet, missing, possible, morePossible, decided, barred } = rule;
    const sign = isMet ? '+' : '·';
    const state = isMet ? `met (${have} of ${need})` : `lacks ${missing ?? 'a decision'}`;
    const wants = [
      rule.reasonRequired ? 'a comment' : '',
      rule.passkeyRequired ? 'a signature by passkey' : '',
    ].filter(Boolean);
    const more = morePossible > 0 ? ` and ${morePossible} more` : '';
    const facts = [
      decided.length > 0 ? `approved by ${decided.join(', ')}` : '',
      !isMet && possible.length > 0 ? `could approve: ${possible.join(', ')}${more}` : '',
      !isMet && rule.kind === 'people' && possible.length === 0 ? 'nobody could approve now' : '',
      ...barred.map((one) => `barred: ${one.name} (${BARS[one.because] ?? one.because})`),
      wants.length > 0 ? `wants ${wants.join(' and ')}` : '',
    ].filter(Boolean);
    return [
      ...told(`  ${sign} ${name}: ${state}`, style, isMet ? 'good' : 'busy'),
      ...facts.flatMap((fact) => told(`      ${fact}`, style)),
    ];
  });
}

const BARS: Readonly<Record<string, string>> = {
  requester: 'asked for it',
  'release-author': 'made the release',
  'configuration-editor': 'edited its configuration last',
};

type Decision = ApprovalSubject['decisions'][number];

/** `2026-11-30 10:02:00Z  carla  approve  "looks good"`, and whether it counts. */
export function decisionLines(decision: Decision, style: Style): string[] {
  const { by, verb, comment, at, voidedAt, voidReason } = decision;
  const words = comment === null ? '' : `  "${comment}"`;
  const isVoid = voidedAt === null ? '' : `  void: ${voidReason ?? 'it no longer counts'}`;
  const line = `  ${timeText(at, style.isUtc)}  ${by}  ${verb}${words}${isVoid}`;
  return told(line, style, voidedAt === null ? null : 'faint');
}

function endLines(
  { you, request, subjectDigest, deploymentId }: ApprovalSubject,
  style: Style,
): string[] {
  const lines = ['', `subject ${subjectDigest}`];
  if (request?.status !== 'open') return lines;
  if (!you.canDecide) return [...lines, ...told(`You cannot decide: ${you.why ?? ''}`, style)];
  return [
    ...lines,
    `Approve it: tidegate approvals approve ${deploymentId}`,
    `Reject it:  tidegate approvals reject ${deploymentId}`,
  ];
}
