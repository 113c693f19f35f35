import { isOver, type RunStatus } from '../engine/run.js';
import {
  activeStatuses,
  deploymentStates,
  RETURNS,
  returnStates,
  statusDeadlines,
} from './deployment.states.js';

/** Written down a second time on purpose: a change of the table must be meant. */
const allowed: Record<RunStatus, RunStatus[]> = {
  Pending: ['PendingApproval', 'Running', 'Failed', 'Cancelled', 'Rejected'],
  PendingApproval: ['Pending', 'Failed', 'Cancelled', 'Rejected'],
  Running: ['Paused', 'RollingBack', 'Succeeded', 'Failed', 'Cancelled'],
  Paused: ['Running', 'RollingBack', 'Failed', 'Cancelled'],
  RollingBack: ['RolledBack', 'RollbackFailed', 'Cancelled'],
  Succeeded: [],
  Failed: [],
  RolledBack: [],
  RollbackFailed: [],
  Cancelled: [],
  Rejected: [],
};
const all = Object.keys(allowed) as RunStatus[];
const pairs = all.flatMap((from) => all.map((to) => [from, to] as const));

describe('the statuses of a deployment', () => {
  it.each(pairs)('%s to %s is as the table says', (from, to) => {
    expect(deploymentStates.can(from, to)).toBe(allowed[from].includes(to));
  });

  it('are final when nothing leaves them', () => {
    const final = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'];
    expect(all.filter((status) => deploymentStates.isTerminal(status))).toEqual(final);
    expect(all.filter(isOver)).toEqual(final);
    expect(activeStatuses).toEqual(all.filter((status) => !final.includes(status)));
  });

  it('begin with Pending', () => {
    expect(deploymentStates.initial).toBe('Pending');
  });

  it('have a named deadline each as long as they are not over, and a way that it may lead', () => {
    expect(Object.keys(statusDeadlines)).toEqual([...activeStatuses]);
    for (const status of activeStatuses) {
      const deadline = statusDeadlines[status]!;
      expect(deadline.name).not.toBe('');
      expect(deadline.ms).not.toBe(0);
      expect(deploymentStates.can(status, deadline.then)).toBe(true);
    }
  });

  it.each(RETURNS)('allow %s only when the deployment is over', (verb) => {
    expect(returnStates[verb].length).toBeGreaterThan(0);
    for (const status of returnStates[verb]) {
      expect(deploymentStates.isTerminal(status)).toBe(true);
    }
  });
});
