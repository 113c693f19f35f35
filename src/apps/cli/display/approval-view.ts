/** What would be signed, for people who have to read it in a terminal: what changes first, then who decides. */
import type { components } from '#sdk';
import { choiceText } from './deployment-view.js';
import { diffLines } from './diff-lines.js';
import { printable } from './printable.js';
import { toned, type Style } from './style.js';
import { counted, fitted } from './table.js';
import { timeText } from './times.js';

export type ApprovalSubject = components['schemas']['ApprovalSubject'];

const NODES_SHOWN = 12;

export function subjectView(subject: ApprovalSubject, style: Style): string[] {
  return [
    ...headLines(subject, style),
    ...section('runs there now', runningLines(subject)),
    ...section('manifest', diffLines(subject.differences.manifest, style)),
    ...section('configuration', configurationLines(subject, style)),
    ...section('nodes', nodeLines(subject)),
    ...section('strategy and gate', choiceLines(subject, style)),
    ...section('this release elsewhere', historyLines(subject, style)),
    ...section('also on its way there', waitingLines(subject, style)),
    ...section('who decides', ruleLines(subject, style)),
    ...section('said so far', decisionLines(subject, style)),
    ...endLines(subject, style),
  ].map((line) => line.trimEnd());
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
    fitted(
      printable(`${moduleName} ${version} to ${targetEnvironment}/${cluster}: ${status}`),
      style.columns,
    ),
    ...(subject.isDowngrade
      ? [toned('  OLDER than what runs there now: approving it needs --downgrade', 'bad', style)]
      : []),
    ...facts.map(([name, value]) =>
      fitted(printable(`  ${name.padEnd(11)} ${value}`), style.columns),
    ),
  ];
}

function runningLines({ running }: ApprovalSubject): string[] {
  if (running.length === 0) return ['  nothing of this module'];
  return running.map(({ version, configurationNumber, nodes, down, isCompared }) => {
    const configured = configurationNumber === null ? '' : `, configuration ${configurationNumber}`;
    const isDown = down > 0 ? `, down on ${down}` : '';
    const compared = isCompared && running.length > 1 ? ' (compared with)' : '';
    return printable(`  ${version}${configured} on ${counted(nodes, 'node')}${isDown}${compared}`);
  });
}

function configurationLines(
  { configuration, differences }: ApprovalSubject,
  style: Style,
): string[] {
  const own = configuration
    ? [printable(`  number ${configuration.number}, by ${configuration.createdBy}`)]
    : ['  none of its own'];
  if (differences.configuration === null)
    return [...own, '  values are hidden: you may not read them'];
  return [...own, ...diffLines(differences.configuration, style)];
}

function nodeLines({ nodes, version }: ApprovalSubject): string[] {
  const shown = nodes.items.slice(0, NODES_SHOWN).map(({ name, state, wave, change, before }) => {
    const to =
      change === 'left-out' ? `stays out (${state})` : change === 'same' ? 'has it' : version;
    const from = before ?? 'nothing';
    return printable(`  ${wave === null ? '      ' : `wave ${wave}`}  ${name}  ${from} -> ${to}`);
  });
  const more = nodes.items.length - shown.length + nodes.more;
  return more > 0 ? [...shown, `  and ${more} more`] : shown;
}

function choiceLines({ strategy, gate }: ApprovalSubject, style: Style): string[] {
  const own = choiceText({ kind: strategy.kind, ...strategy.params });
  const lines = [
    fitted(printable(`  ${own}`), style.columns),
    ...diffLines(strategy.differs, style, ''),
  ];
  const other = gate.limits.filter(({ standing }) => standing !== 'same');
  if (gate.kind !== gate.environmentKind) {
    lines.push(
      toned(
        printable(`  gate ${gate.kind}, not ${gate.environmentKind} as usual there`),
        'bad',
        style,
      ),
    );
  }
  for (const { name, value, environment, standing } of other) {
    const text = `  ${name} ${value ?? '-'} instead of ${environment ?? '-'}: ${standing}`;
    lines.push(
      toned(
        fitted(printable(text), style.columns),
        standing === 'stricter' ? 'good' : 'bad',
        style,
      ),
    );
  }
  return other.length === 0 ? [...lines, `  gate ${gate.kind} as the environment has it`] : lines;
}

function historyLines({ releaseHistory }: ApprovalSubject, style: Style): string[] {
  if (releaseHistory.length === 0)
    return [toned('  nothing yet: it has run nowhere', 'bad', style)];
  return releaseHistory.map((one) => {
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
    return toned(fitted(printable(line), style.columns), tone, style);
  });
}

function waitingLines({ waiting }: ApprovalSubject, style: Style): string[] {
  return waiting.map(({ id, version, status, requestedBy }) =>
    fitted(printable(`  ${version}  ${status}  by ${requestedBy}  ${id}`), style.columns),
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
      toned(
        fitted(printable(`  ${sign} ${name}: ${state}`), style.columns),
        isMet ? 'good' : 'busy',
        style,
      ),
      ...facts.map((fact) => fitted(printable(`      ${fact}`), style.columns)),
    ];
  });
}

const BARS: Readonly<Record<string, string>> = {
  requester: 'asked for it',
  'release-author': 'made the release',
  'configuration-editor': 'edited its configuration last',
};

type Decision = ApprovalSubject['decisions'][number];

function decisionLines({ decisions }: ApprovalSubject, style: Style): string[] {
  return decisions.map((decision) => decisionLine(decision, style));
}

/** `2026-11-30 10:02:00Z  carla  approve  "looks good"`, and whether it counts. */
export function decisionLine(decision: Decision, style: Style): string {
  const { by, verb, comment, at, voidedAt, voidReason } = decision;
  const words = comment === null ? '' : `  "${comment}"`;
  const isVoid = voidedAt === null ? '' : `  void: ${voidReason ?? 'it counts no more'}`;
  const line = `  ${timeText(at, style.isUtc)}  ${by}  ${verb}${words}${isVoid}`;
  return toned(fitted(printable(line), style.columns), voidedAt === null ? null : 'faint', style);
}

function endLines(
  { you, request, subjectDigest, deploymentId }: ApprovalSubject,
  style: Style,
): string[] {
  const lines = ['', `subject ${subjectDigest}`];
  if (request?.status !== 'open') return lines;
  if (!you.canDecide)
    return [...lines, fitted(printable(`You cannot decide: ${you.why ?? ''}`), style.columns)];
  return [
    ...lines,
    `Approve it: tidegate approvals approve ${deploymentId}`,
    `Reject it:  tidegate approvals reject ${deploymentId}`,
  ];
}
