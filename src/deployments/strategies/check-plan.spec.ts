import { limits } from '../../kernel/limits.js';
import { checkPlan, type PlanFacts } from './check-plan.js';
import type { NodeMove, Plan, Step, StepEffect } from '../../engine/plan.js';

const facts: PlanFacts = { servingNodes: 4, minAvailable: 1, overlaps: true };

function movesOf(...names: string[]): NodeMove[] {
  return names.map((name) => ({ nodeId: `id-${name}`, name, from: null, to: null }));
}

function step(id: string, effects: StepEffect[], change: Partial<Step> = {}): Step {
  const kind = id.split('.').at(-1)!;
  return { id, kind, effects, wave: 1, title: id, deadlineMs: 1_000, params: {}, ...change };
}

const move = (id: string, ...names: string[]) =>
  step(id, ['move'], { kind: 'move', params: { nodes: movesOf(...names) } });
const opening = ['preflight', 'slot', 'recheck'].map((id) => step(id, ['check']));
const wave = (number: number, ...names: string[]) => [
  move(`w${number}.move`, ...names),
  step(`w${number}.converge`, ['converge']),
  step(`w${number}.gate`, ['gate']),
];
const sound = [...opening, ...wave(1, 'a'), ...wave(2, 'b', 'c')];
const forward = (steps: Step[]): Plan => ({ role: 'forward', steps });
const without = (id: string) => forward(sound.filter((each) => each.id !== id));

describe('a sound plan', () => {
  it('has no problem, forward and back', () => {
    expect(checkPlan(forward(sound), facts)).toEqual([]);
    const undo = [move('u1.move', 'a'), step('u1.converge', ['converge'])];
    expect(checkPlan({ role: 'undo', steps: undo }, facts)).toEqual([]);
  });
});

describe('a plan is refused', () => {
  it.each<[string, Plan, string, Partial<PlanFacts>?]>([
    ['without any step', { role: 'undo', steps: [] }, 'a plan has at least one step'],
    ['that moves nothing', forward(opening), 'a forward plan moves at least one node'],
    ['with an id twice', forward([...sound, sound[0]!]), 'step id "preflight" stands twice'],
    ['without the preflight', without('preflight'), '"preflight" must stand before the first move'],
    ['without the slot', without('slot'), '"slot" must stand before the first move'],
    ['without the recheck', without('recheck'), '"recheck" must stand before the first move'],
    [
      'with its recheck after a move',
      forward([...sound.filter(({ id }) => id !== 'recheck'), opening[2]!]),
      '"recheck" must stand before the first move',
    ],
    ['without a gate in the middle', without('w1.gate'), 'no gate follows "w1.move"'],
    ['without a gate at its end', without('w2.gate'), 'no gate follows "w2.move"'],
    [
      'that waits for nobody',
      without('w1.converge'),
      'gate "w1.gate" stands before the wave has converged',
    ],
    [
      'that does not wait after its last move',
      forward([...opening, ...wave(1, 'a').slice(0, 1)]),
      'nothing waits for "w1.move" to converge',
    ],
    ['that moves a node twice', forward([...sound, ...wave(3, 'a')]), 'node "a" is moved twice'],
    ['whose move moves nobody', forward([...sound, ...wave(3)]), 'step "w3.move" moves no node'],
    [
      'that leaves too few nodes serving',
      forward(sound),
      'step "w2.move" would leave 1 serving node, at least 2 must stay',
      { overlaps: false, minAvailable: 2, servingNodes: 3 },
    ],
    [
      'that gates the way back',
      { role: 'undo', steps: [step('u1.gate', ['gate'])] },
      'undo step "u1.gate" must not be a gate',
    ],
    [
      'that asks for leave to go back',
      { role: 'undo', steps: [step('u1.approval', ['check'])] },
      'an undo plan asks for no approval',
    ],
  ])('%s', (_, plan, problem, change = {}) => {
    expect(checkPlan(plan, { ...facts, ...change })).toContain(problem);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('with a deadline of %d ms', (deadlineMs) => {
    const steps = [...sound, step('late', ['check'], { deadlineMs })];
    expect(checkPlan(forward(steps), facts)).toEqual(['step "late" has no deadline']);
  });

  it('with more nodes in a wave than one transaction moves', () => {
    const names = Array.from({ length: limits.nodesPerWave + 1 }, (_, index) => `n${index}`);
    const steps = [...opening, ...wave(1, ...names)];
    expect(checkPlan(forward(steps), facts)).toEqual([
      'step "w1.move" moves 501 nodes, at most 500',
    ]);
  });

  it('with too many steps', () => {
    const many = Array.from({ length: limits.stepsPerPlan }, (_, at) => step(`c${at}`, ['check']));
    expect(checkPlan(forward([...sound, ...many]), facts)).toEqual([
      `a plan has at most 400 steps, this one ${400 + sound.length}`,
    ]);
  });
});

describe('nodes whose release is down', () => {
  const wasDown = { version: '1.0.0', code: 'crash-loop' };
  const apart: PlanFacts = { servingNodes: 3, minAvailable: 2, overlaps: false };
  const down = (...names: string[]) => movesOf(...names).map((node) => ({ ...node, wasDown }));
  const batch = (number: number, nodes: NodeMove[]) => [
    step(`w${number}.move`, ['move'], { kind: 'move', params: { nodes } }),
    step(`w${number}.converge`, ['converge']),
    step(`w${number}.gate`, ['gate']),
  ];

  it('cannot be missed while they move, and are counted on from then on', () => {
    const all = [...batch(1, down('a')), ...batch(2, movesOf('b')), ...batch(3, movesOf('c'))];
    expect(checkPlan(forward([...opening, ...all]), apart)).toEqual([]);
    const one = [...opening, ...batch(1, down('a'))];
    expect(checkPlan(forward(one), { ...apart, servingNodes: 1, minAvailable: 1 })).toEqual([]);
  });

  it('are not counted among those that serve', () => {
    const late = [...batch(1, movesOf('b')), ...batch(2, down('a'))];
    expect(checkPlan(forward([...opening, ...late]), apart)).toEqual([
      'step "w1.move" would leave 1 serving node, at least 2 must stay',
    ]);
    const together = [...batch(1, [...down('a'), ...movesOf('b')])];
    expect(checkPlan(forward([...opening, ...together]), apart)).toEqual([
      'step "w1.move" would leave 1 serving node, at least 2 must stay',
    ]);
  });
});

describe('nodes that serve all through their move', () => {
  it('may all be moved at once, whatever must stay available', () => {
    const all = forward([...opening, ...wave(1, 'a', 'b', 'c', 'd')]);
    expect(checkPlan(all, { ...facts, minAvailable: 4 })).toEqual([]);
  });
});
