/**
 * At which failpoint what is killed (or fails) during which small piece of work. A failpoint, a named
 * commit or a kind of step without a row makes the test beside this file fail.
 */
import type { RunStatus } from '../../src/engine/run.js';
import { commitNames, type CommitName, type Failpoint } from '../../src/kernel/failpoint.js';

/** What is going on while it happens; see kill-scenarios.ts. */
export type Scenario =
  | 'deploy'
  | 'web'
  | 'canary'
  | 'rolling'
  | 'blue-green'
  | 'verb'
  | 'bad'
  | 'push'
  | 'purge'
  | 'approval'
  | 'deliver'
  | 'tell'
  | 'remind'
  | 'erase'
  | 'stream';

export interface KillRow {
  readonly at: Failpoint;
  readonly about?: string;
  readonly action: 'kill' | 'unhandled' | 'lost' | 'conflict' | 'error';
  readonly during: Scenario;
  /** Instead of how such a piece of work ends otherwise. */
  readonly ends?: readonly RunStatus[];
  /** Other failpoints that bring the process there. */
  readonly arm?: string;
}

const duringCommit: Partial<Record<CommitName, Pick<KillRow, 'during' | 'arm'>>> = {
  // Time to ask in: nothing is locked while a release is checked.
  verb: { during: 'verb', arm: 'engine.action:after-effect/preflight=delay:2000' },
  'step-failed': { during: 'bad' },
  'undo-planned': { during: 'bad' },
  // The hint is lost, so that the due loop finds the run.
  claim: { during: 'deploy', arm: 'queue.wake-up:before=error' },
  renew: { during: 'deploy', arm: 'engine.action:after-effect/preflight=delay:3000' },
  release: { during: 'deploy', arm: 'database.commit:after/step-succeeded=lost' },
  'approval-asked': { during: 'approval' },
  'approval-decided': { during: 'approval' },
  told: { during: 'tell' },
  reminded: { during: 'remind' },
  erased: { during: 'erase' },
};

const commits = commitNames.flatMap((about): KillRow[] => {
  const how = { about, action: 'kill', during: 'deploy', ...duringCommit[about] } as const;
  return [
    { at: 'database.commit:before', ...how },
    { at: 'database.commit:after', ...how },
  ];
});

const duringStep: Readonly<Record<string, Scenario>> = {
  preflight: 'deploy',
  approval: 'approval',
  slot: 'deploy',
  recheck: 'deploy',
  move: 'deploy',
  converge: 'deploy',
  baseline: 'canary',
  gate: 'canary',
  serving: 'rolling',
  keep: 'blue-green',
};

const actions = Object.entries(duringStep).map(([about, during]): KillRow => ({
  at: 'engine.action:after-effect',
  about,
  action: 'kill',
  during,
}));

const kill = (at: Failpoint, during: Scenario, more: Partial<KillRow> = {}): KillRow => ({
  at,
  during,
  action: 'kill',
  ...more,
});

const answersThatAreLost = (['accept', 'step-started', 'step-succeeded', 'finished'] as const).map(
  (about): KillRow => ({ at: 'database.commit:after', about, action: 'lost', during: 'deploy' }),
);

/** Decided, and whoever decides is told that nobody knows: asking once more decides nothing twice. */
const lostDecision: KillRow = {
  at: 'database.commit:after',
  about: 'approval-decided',
  action: 'lost',
  during: 'approval',
};

/** Whatever is thrown then, by whomever: the change may be there, and is not made once more. */
const errorsAfterwards = (['accept', 'step-succeeded', 'finished'] as const).flatMap((about) =>
  (['error', 'conflict'] as const).map((action): KillRow => ({
    at: 'database.commit:after',
    about,
    action,
    during: 'deploy',
  })),
);

const conflicts = (['accept', 'step-succeeded', 'finished'] as const).map((about): KillRow => ({
  at: 'database.commit:before',
  about,
  action: 'conflict',
  during: 'deploy',
}));

/** What goes wrong inside an agent: its node could not do it, and the deployment goes back. */
const agentFails = (
  [
    ['agent.hook:after-start', 'deploy'],
    ['agent.hook:after-run', 'deploy'],
    ['agent.instance:after-spawn', 'deploy'],
    ['agent.front:before', 'web'],
    ['agent.front:after', 'web'],
  ] as const
).map(([at, during]): KillRow => ({ at, action: 'error', during, ends: ['RolledBack'] }));

export const killRows: readonly KillRow[] = [
  ...commits,
  ...answersThatAreLost,
  lostDecision,
  ...errorsAfterwards,
  ...conflicts,
  kill('engine.action:before-effect', 'deploy', { about: 'move' }),
  ...actions,
  kill('engine.action:after-effect', 'deploy', { about: 'recheck', action: 'unhandled' }),
  kill('queue.wake-up:before', 'deploy'),
  kill('queue.wake-up:after', 'deploy'),
  kill('signal.publish:before', 'deploy'),
  kill('storage.read:before', 'deploy'),
  kill('storage.commit:before', 'push'),
  kill('storage.commit:after', 'push'),
  kill('tenant.step:before', 'purge', { about: 'rows' }),
  kill('tenant.step:after', 'purge', { about: 'rows' }),
  kill('delivery.send:before', 'deliver', { about: 'console' }),
  kill('delivery.send:after', 'deliver', { about: 'console' }),
  kill('audit-stream.send:before', 'stream'),
  kill('audit-stream.send:after', 'stream'),
  kill('agent.statement:after-fetch', 'deploy'),
  kill('agent.statement:after-accept', 'deploy'),
  // Nobody knows what became of it: a person looks at the node and says.
  kill('agent.hook:after-start', 'deploy'),
  kill('agent.hook:after-run', 'deploy'),
  kill('agent.instance:after-spawn', 'deploy'),
  kill('agent.front:before', 'web'),
  kill('agent.front:after', 'web'),
  kill('agent.report:before', 'deploy'),
  ...agentFails,
];

/** Each row is in exactly one part, and each part in a file of its own: kill-table*.fault-spec.ts. */
export function rowsOf(part: 'commits' | 'places' | 'failures'): readonly KillRow[] {
  return killRows.filter((row) => {
    if (!isKill(row)) return part === 'failures';
    return part === (row.at.startsWith('database.commit:') ? 'commits' : 'places');
  });
}

export const isKill = ({ action }: KillRow) => action === 'kill';

export function nameOf({ at, about, action, during }: KillRow): string {
  const done = {
    kill: 'a kill',
    unhandled: 'an error that nobody catches',
    lost: 'a lost answer',
    conflict: 'a conflict',
    error: 'an error',
  };
  return `recovers from ${done[action]} at ${at}${about ? ` of ${about}` : ''} (${during})`;
}

export function textOf({ at, about, action, arm }: KillRow): string {
  return `${at}${about ? `/${about}` : ''}=${action}${arm ? `;${arm}` : ''}`;
}
