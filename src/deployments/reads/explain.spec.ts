import { deploymentStates } from '../deployment.states.js';
import type { DeploymentRow } from './deployment-view.js';
import { explain } from './explain.js';

const until = Date.UTC(2026, 0, 2, 3, 4, 5);

function rowOf(change: Partial<DeploymentRow>): DeploymentRow {
  return { status: 'Running', reason: null, waitingOn: null, ...change } as DeploymentRow;
}

describe('an explanation', () => {
  it.each(deploymentStates.states)('of %s is a sentence, with its reason', (status) => {
    const text = explain(rowOf({ status, reason: 'errors rose' }));
    expect(text).toMatch(/^[A-Z].*\.$/);
    if (status !== 'Succeeded') expect(text).toContain('Reason: errors rose.');
  });

  it('says who can go on with which verb, and until when', () => {
    const waitingOn = {
      ...{ kind: 'attention', since: 0, until, who: 'an operator', verb: 'resume' },
      detail: 'no traffic to judge by',
    };
    expect(explain(rowOf({ status: 'Paused', waitingOn }))).toBe(
      'No traffic to judge by. To go on: "resume", by an operator. At the latest at 2026-01-02T03:04:05.000Z it is decided anew.',
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
});
