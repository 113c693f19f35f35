import { followDeployment, type Deployment, type DeploymentEvent } from './follow-deployment.js';
import { TidegateError, UnreachableError } from './tidegate-error.js';

/** A deployment that goes one step further each time it is looked at. */
function source(steps: (() => { status: string; sequence: number })[]) {
  let at = -1;
  const asked: number[] = [];
  return {
    asked,
    reads: {
      deployment: () => {
        at = Math.min(at + 1, steps.length - 1);
        const step = steps[at]!;
        return new Promise<Deployment>((resolve) => resolve(step() as Deployment));
      },
      // Pages of two, so that a step can take several.
      eventsAfter: (after: number) => {
        asked.push(after);
        const { sequence } = steps[at]!();
        const all = Array.from({ length: sequence - after }, (_, index) => after + index + 1);
        const items = all.slice(0, 2).map((number) => ({ sequence: number }) as DeploymentEvent);
        return Promise.resolve({ items, nextCursor: all.length > 2 ? 'more' : null });
      },
    },
  };
}

const hints = {
  baseUrl: 'http://127.0.0.1:1',
  deploymentId: 'x',
  token: () => Promise.resolve(''),
};
const options = { live: false, pollMs: 1 };

describe('following a deployment', () => {
  it('gives every event once and in order, and ends with the deployment', async () => {
    const { reads } = source([
      () => ({ status: 'Running', sequence: 5 }),
      () => ({ status: 'Running', sequence: 5 }),
      () => ({ status: 'Running', sequence: 6 }),
      () => ({ status: 'RolledBack', sequence: 9 }),
    ]);
    const steps: [string, number[]][] = [];
    for await (const { deployment, events } of followDeployment(reads, hints, options)) {
      steps.push([deployment.status, events.map(({ sequence }) => sequence)]);
    }
    expect(steps).toEqual([
      ['Running', [1, 2, 3, 4, 5]],
      ['Running', [6]],
      ['RolledBack', [7, 8, 9]],
    ]);
  });

  it('begins after what was seen already', async () => {
    const { reads, asked } = source([() => ({ status: 'Succeeded', sequence: 4 })]);
    const after = { ...options, afterSequence: 3 };
    for await (const { events } of followDeployment(reads, hints, after)) {
      expect(events).toEqual([{ sequence: 4 }]);
    }
    expect(asked).toEqual([3]);
  });

  it('waits an outage out, and says when it begins and ends', async () => {
    const fail = (error: Error) => () => {
      throw error;
    };
    const { reads } = source([
      () => ({ status: 'Running', sequence: 0 }),
      fail(new UnreachableError('http://x', new Error('gone'))),
      () => ({ status: 'Succeeded', sequence: 1 }),
    ]);
    const told: (string | null)[] = [];
    const statuses: string[] = [];
    const watched = { ...options, onOutage: (problem: string | null) => void told.push(problem) };
    for await (const { deployment } of followDeployment(reads, hints, watched)) {
      statuses.push(deployment.status);
    }
    expect(statuses).toEqual(['Running', 'Succeeded']);
    expect(told).toEqual(['http://x does not answer (gone)', null]);
  });

  it('ends with a refusal, which no waiting would change', async () => {
    const refusal = new TidegateError({
      code: 'deployment-not-found',
      detail: 'None.',
      status: 404,
    });
    const reads = {
      deployment: () => Promise.reject(refusal),
      eventsAfter: () => Promise.reject(refusal),
    };
    await expect(followDeployment(reads, hints, options).next()).rejects.toBe(refusal);
  });

  it('ends when it is told to, also in the middle of a wait', async () => {
    const { reads } = source([() => ({ status: 'Running', sequence: 0 })]);
    const stop = new AbortController();
    const steps = followDeployment(reads, hints, {
      ...options,
      pollMs: 60_000,
      signal: stop.signal,
    });
    await steps.next();
    const next = steps.next();
    stop.abort();
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
  });
});
