import { deploymentStates } from '../deployment.states.js';
import type { DeploymentRow } from './deployments.views.js';
import { explain } from './explain.js';

const until = Date.UTC(2026, 0, 2, 3, 4, 5);

const atWork = { waitingOn: null, dueSince: null, isLeased: null };

function rowOf(change: Partial<DeploymentRow>): DeploymentRow {
  return { ...atWork, status: 'Running', reason: null, ...change } as DeploymentRow;
}

describe('an explanation', () => {
  it.each(deploymentStates.states)('of %s is a sentence, with its reason', (status) => {
    const text = explain(rowOf({ status, reason: 'errors rose' }));
    expect(text).toMatch(/^[A-Z].*\.$/);
    if (status !== 'Succeeded') expect(text).toContain('Reason: errors rose.');
  });

  it('says who can go on with which verb, and until when', () => {
    const waitingOn = {
      kind: 'attention',
      since: 0,
      until,
      who: 'an operator',
      verb: 'resume',
      detail: 'no traffic to judge by',
    };
    expect(explain(rowOf({ status: 'Paused', waitingOn }))).toBe(
      'No traffic to judge by. To go on: "resume", by an operator. Next decision by 2026-01-02T03:04:05.000Z.',
    );
  });

  it('of what waits for people says who decides, by when, and that nothing has moved', () => {
    const waitingOn = {
      kind: 'approval',
      since: 0,
      until,
      who: 'those who may decide for "One admin"',
      verb: 'approve',
      detail: 'waits for approval: "One admin" lacks 1 of 1 decision',
    };
    expect(explain(rowOf({ status: 'PendingApproval', waitingOn }))).toBe(
      'Waits for approval: "One admin" lacks 1 of 1 decision. To go on: "approve" or "reject", by those who may decide for "One admin"; nothing has moved, and it holds no slot. If nobody decides by 2026-01-02T03:04:05.000Z, it is rejected.',
    );
  });

  it('says that nobody needs to do anything', () => {
    const waitingOn = {
      kind: 'converge',
      since: 0,
      until,
      who: 'the nodes',
      verb: null,
      detail: 'x',
    };
    expect(explain(rowOf({ waitingOn }))).toContain('It waits for the nodes.');
  });

  describe('of a run that has been due for long', () => {
    const dueSince = Date.UTC(2026, 0, 2, 3, 4, 6);
    const waitingOn = {
      kind: 'converge',
      since: 0,
      until,
      who: 'the nodes',
      verb: null,
      detail: '2 of 3 nodes run it',
    };

    it.each([null, waitingOn])('says that no worker takes it, after the wait %j', (last) => {
      expect(explain(rowOf({ dueSince, isLeased: false, waitingOn: last }))).toBe(
        'No worker has taken it, although it has been due since 2026-01-02T03:04:06.000Z. It waits for whoever operates Tidegate: the workers are stopped, overloaded or cut off from the database.',
      );
    });

    it('says that it is worked on, and nothing of what it waited for before', () => {
      expect(explain(rowOf({ dueSince, isLeased: true, waitingOn }))).toBe(
        'It is Running and being worked on right now.',
      );
    });
  });

  it('tells the wait that a worker looks at just now', () => {
    const waitingOn = {
      kind: 'converge',
      since: 0,
      until,
      who: 'the nodes',
      verb: null,
      detail: '2 of 3 nodes run it',
    };
    expect(explain(rowOf({ isLeased: true, waitingOn }))).toContain('2 of 3 nodes run it.');
  });
});
