import { SeenDeployments, type Following } from './seen-deployments.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const answer = (second: number, lines: Partial<Following> = {}): Following => ({
  since: at(second),
  isResumed: true,
  reason: null,
  active: [],
  ended: [],
  ...lines,
});
const line = (id: string, sequence: number, after: number) => ({
  id,
  status: 'Running',
  sequence,
  after,
});
const progress = (id: string, sequence: number) => ({
  name: 'DeploymentProgress',
  payload: { deploymentId: id, sequence, at: at(5) },
});
const ends = (id: string, sequence: number, second: number) => ({
  name: 'DeploymentStatusChanged',
  payload: { deploymentId: id, sequence, status: 'Succeeded', at: at(second) },
});

describe('what a follower of all deployments remembers', () => {
  it('asks for nothing at first, then for what came after what it has seen', () => {
    const seen = new SeenDeployments();
    expect(seen.body()).toEqual({ since: null, seen: {} });
    seen.answered(answer(1, { active: [line('a', 4, 4)] }));
    expect(seen.take(progress('a', 5))).toBe(true);
    expect(seen.take(progress('b', 1))).toBe(true);
    expect(seen.body()).toEqual({ since: at(1), seen: { a: 5, b: 1 } });
  });

  it('leaves out what was there before, but not what changes without a sequence of its own', () => {
    const seen = new SeenDeployments();
    seen.answered(answer(1, { active: [line('a', 4, 4)] }));
    expect(seen.take(progress('a', 3))).toBe(false);
    expect(seen.take(progress('a', 4))).toBe(true);
    expect(seen.take(ends('a', 4, 2))).toBe(false);
    const reading = { name: 'DeploymentGateChecked', payload: { deploymentId: 'a', at: at(2) } };
    expect(seen.take(reading)).toBe(true);
  });

  it('remembers what has ended until the server says that everything from before has come', () => {
    const seen = new SeenDeployments();
    seen.answered(answer(1, { active: [line('a', 4, 4)] }));
    seen.take(ends('a', 5, 10));
    seen.upTo(at(10));
    expect(seen.body().seen).toEqual({ a: 5 });
    seen.upTo(at(11));
    expect(seen.body()).toEqual({ since: at(11), seen: {} });
  });

  it('goes on where it was, whatever else the server names, and forgets what it does not name', () => {
    const seen = new SeenDeployments();
    seen.answered(answer(1, { active: [line('a', 4, 4), line('gone', 2, 2)] }));
    seen.take(ends('over', 3, 9));
    seen.answered(answer(2, { active: [line('new', 7, 0)], ended: [line('a', 9, 4)] }));
    expect(seen.body().seen).toEqual({ a: 4, new: 0, over: 3 });
  });

  it('leaves out those that ended first where the server would not take them all', () => {
    const seen = new SeenDeployments();
    for (let count = 0; count < 2_005; count += 1) seen.take(ends(`d${count}`, 2, 10 + count));
    const { seen: told } = seen.body();
    expect(Object.keys(told)).toHaveLength(2_000);
    expect(told).not.toHaveProperty('d4');
    expect(told).toHaveProperty('d5');
  });
});
