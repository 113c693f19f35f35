import { describe, expect, it } from '@jest/globals';
import { stepsOf } from './steps-of.ts';

const step = (id: string) =>
  ({ id, kind: 'move', wave: 1, title: id, deadlineMs: 1, nodes: [] }) as const;
const event = (kind: string, step: string, second: number, data: object = {}) =>
  ({
    sequence: second,
    at: `2026-11-30T10:00:0${second}.000Z`,
    type: 'DeploymentProgress',
    kind,
    actor: 'system:engine',
    step,
    data,
  }) as never;

describe('the steps of a plan', () => {
  it('stand as the journal says last', () => {
    const standings = stepsOf(['a', 'b', 'c', 'd'].map(step) as never, [
      event('step-started', 'a', 1),
      event('step-failed', 'a', 2, { message: 'the node was away' }),
      event('step-started', 'a', 3),
      event('step-succeeded', 'a', 4),
      event('step-started', 'b', 5),
      event('step-failed', 'b', 6, { message: 'no health' }),
      event('step-started', 'c', 7),
    ]);
    expect(standings.map(({ id, state, problem }) => [id, state, problem])).toEqual([
      ['a', 'done', null],
      ['b', 'failed', 'no health'],
      ['c', 'started', null],
      ['d', 'waiting', null],
    ]);
    // From its first try on.
    expect(standings[0]).toMatchObject({
      startedAt: '2026-11-30T10:00:01.000Z',
      endedAt: '2026-11-30T10:00:04.000Z',
    });
  });
});
