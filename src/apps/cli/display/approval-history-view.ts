import type { components } from '#sdk';
import { decisionLines } from './approval-view.js';
import { printable } from './printable.js';
import type { Style } from './style.js';
import { timeText } from './times.js';
import { wrapped } from './wrapped.js';

type ApprovalHistory = components['schemas']['ApprovalHistory'];
type Asked = ApprovalHistory['requests'][number];

/** The newest request first, each with what was said about it. */
export function historyView({ status, requests }: ApprovalHistory, style: Style): string[] {
  if (requests.length === 0) return [`${status}: nobody was asked to approve it.`];
  return requests.flatMap((request, at) => [
    ...(at === 0 ? [] : ['']),
    ...requestLines(request, style).flatMap((line) => wrapped(printable(line), style.columns)),
    ...request.decisions.flatMap((decision) => decisionLines(decision, style)),
  ]);
}

function requestLines(request: Asked, { isUtc }: Style): string[] {
  const { number, status, requestedBy, endedBy, reason, rules, subjectDigest } = request;
  const asked = `asked by ${requestedBy}, ${timeText(request.askedAt, isUtc)}`;
  const ended = request.endedAt === null ? '' : `, ${timeText(request.endedAt, isUtc)}`;
  return [
    `request ${number}: ${status}, ${asked}`,
    `  subject ${subjectDigest}`,
    ...rules.map(({ name, version, quorum }) => `  rule ${name}, version ${version}: ${quorum}`),
    ...(endedBy === null ? [] : [`  ended by ${endedBy}${ended}${reason ? `: ${reason}` : ''}`]),
  ];
}
