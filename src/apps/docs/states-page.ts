import type { RunStatus } from '../../engine/run.js';
import {
  deploymentStates,
  RETURNS,
  returnStates,
  statusDeadlines,
} from '../../deployments/deployment.states.js';
import { VERBS, verbs } from '../../deployments/verbs/verbs.js';

/** A status without a meaning does not compile. */
const meanings: Readonly<Record<RunStatus, string>> = {
  Pending: 'Accepted. Its checks run, or it waits for its turn on the cluster.',
  PendingApproval:
    'Its checks have passed, and it waits for people to approve it; it holds no slot. The last decision that is needed starts it at once. Without it, it is Rejected by `system` after 24 hours, or when the policy says.',
  Running: 'It holds its slot and works through its plan, wave by wave.',
  Paused:
    'Nothing new begins until `resume` or `cancel`: a person paused it, or a gate wants a person to look. After 24 hours it is rolled back.',
  RollingBack: 'The undo plan runs. `ending` says what it will end in.',
  Succeeded: 'Every wave has settled; new nodes of the cluster get this release.',
  Failed: 'It ended, and nothing was rolled back.',
  RolledBack:
    'A wave was unhealthy; every touched node runs what it ran before. Where that was down before, it is down again, and the reason says so.',
  RollbackFailed:
    'It could not be rolled back on every node; the rest keep what they have: a person has to look.',
  Cancelled: 'A person ended it; unless asked to `leave`, what had moved was rolled back.',
  Rejected:
    'It was not approved: somebody has rejected it, nobody has decided in time, or a newer deployment has taken its place. The reason says which.',
};

/** docs/states.md, from the one table of a deployment's statuses. */
export function statesPage(): string {
  const { states, transitions, initial } = deploymentStates;
  const arrows = states.flatMap((from) => transitions[from].map((to) => `  ${from} --> ${to}`));
  const ends = states
    .filter((state) => deploymentStates.isTerminal(state))
    .map((state) => `  ${state} --> [*]`);
  return [
    '# States of a deployment',
    '<!-- Generated from src/deployments/deployment.states.ts by `npm run docs:generate`. Do not edit. -->',
    'Only the worker that holds the lease of a run changes its status, by compare-and-set against this table. A terminal status is final: to try again is a new deployment.',
    ['```mermaid', 'stateDiagram-v2', `  [*] --> ${initial}`, ...arrows, ...ends, '```'].join('\n'),
    ...states.map(sectionOf),
    '## Verbs',
    'A verb in any other status is answered 409 `state-not-suitable` with the present one.',
    VERBS.map((verb) => `- \`${verb}\`: ${listOf(verbs[verb].possibleIn)}`).join('\n'),
    '`rollback` and `retry` leave a deployment as it is and create a new one.',
    RETURNS.map((verb) => `- \`${verb}\`: ${listOf(returnStates[verb])}`).join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}

function sectionOf(state: RunStatus): string {
  const next = deploymentStates.transitions[state];
  const possible = VERBS.filter((verb) => verbs[verb].possibleIn.includes(state));
  return [
    `## ${state}`,
    '',
    meanings[state],
    '',
    `- ${next.length === 0 ? 'Terminal.' : `Next: ${listOf(next)}`}`,
    ...deadlineOf(state),
    ...(possible.length > 0 ? [`- Verbs: ${listOf(possible)}`] : []),
  ].join('\n');
}

function deadlineOf(state: RunStatus): string[] {
  const deadline = statusDeadlines[state];
  if (!deadline) return [];
  const { name, ms, then } = deadline;
  const time = ms === null ? '' : ` (${ms / 3_600_000} h)`;
  return [`- Deadline: ${name}${time}, then \`${then}\``];
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
