/** Handlers with the meaning of the real steps, on simulated nodes instead of tables. */
import { stepKey } from '../../src/engine/journal.js';
import { movesOf, type NodeMove, type Plan } from '../../src/engine/plan.js';
import type { StepHandler, StepOutcome, StepCall } from '../../src/engine/step-handler.js';
import { leftOutSoFar, mayLeaveOut } from '../../src/deployments/steps/left-out.js';
import { TerminalError } from '../../src/kernel/errors.js';
import { registry } from '../../src/kernel/registry.js';
import type { Dice } from './dice.js';
import type { Fleet } from './fleet.js';
import type { SimulatedStore } from './simulated-store.js';

export const POLL_MS = 2_000;
const LOOK_AGAIN_MS = 2_000;
const SLOT_AGAIN_MS = 10_000;

export interface StepWorld {
  readonly store: SimulatedStore;
  readonly fleet: Fleet;
  readonly dice: Dice;
  readonly slot: { holder: string | null };
  readonly waitsForSlot: boolean;
  readonly isCalm: () => boolean;
  /** A switch that somebody turns: nothing goes forward meanwhile. */
  readonly isSwitchedOff: () => boolean;
  planAnew(runId: string): Plan;
}

const done: StepOutcome = { outcome: 'done' };

function wait(kind: string, until: number, pollsGate = false): StepOutcome {
  const waitingOn = { kind, who: 'the simulation', verb: null, detail: `waits for ${kind}` };
  return { outcome: 'wait', until, pollsGate, waitingOn };
}

function held(call: StepCall): StepOutcome {
  return { ...wait('switch', call.now + LOOK_AGAIN_MS), isHeld: true } as StepOutcome;
}

export function simulatedSteps(world: StepWorld) {
  const handler = (
    kind: string,
    run: (call: StepCall) => StepOutcome,
    more: Partial<StepHandler> = {},
  ): StepHandler => ({
    kind,
    title: kind,
    mode: 'transaction',
    run: async (_context, step) => {
      if (!world.isCalm() && world.dice.chance(0.02)) throw new Error('bad luck');
      return run(step);
    },
    ...more,
  });
  return registry<StepHandler>('step', [
    handler('preflight', () => preflight(world), {
      mode: 'outside',
      // In the other half it is started first, as what has an effect must be.
      ...(world.dice.chance(0.5) ? { onlyLooks: true } : {}),
    }),
    handler('slot', (call) => slot(world, call), { locksShared: true }),
    handler('recheck', () => done),
    handler('baseline', () => done),
    handler('move', (call) => move(world, call)),
    handler('converge', (call) => converge(world, call)),
    handler('serving', (call) => serving(world, call)),
    handler('keep', (call) => keep(call)),
    handler('gate', (call) => gate(world, call), {
      promote: async (_context, call) =>
        call.gate && call.gate.verdict !== 'unstable'
          ? { outcome: 'done', output: { promoted: true } }
          : { outcome: 'refused', reason: 'not now' },
    }),
  ]);
}

function preflight({ dice, isCalm }: StepWorld): StepOutcome {
  if (!isCalm() && dice.chance(0.02)) throw new TerminalError('unsigned', 'it is not signed');
  return done;
}

function slot(world: StepWorld, call: StepCall): StepOutcome {
  const { holder } = world.slot;
  if (world.isSwitchedOff()) return held(call);
  if (world.waitsForSlot && holder && holder !== call.key.id) {
    return wait('slot', call.now + SLOT_AGAIN_MS);
  }
  // At once, as the locked row of the slot does it: two runs may ask at the same moment.
  world.slot.holder = call.key.id;
  const plan = world.planAnew(call.key.id);
  return { outcome: 'done', status: 'Running', replan: { plan, factsText: '' } };
}

function move(world: StepWorld, call: StepCall): StepOutcome {
  const { fleet, store, dice, isCalm } = world;
  if (call.plan.role === 'forward' && world.isSwitchedOff()) return held(call);
  const moves = movesOf(call.step);
  const generations = moves.map(({ nodeId }) => fleet.node(nodeId).desired.generation + 1);
  const key = stepKey(call.planNumber, call.step.id);
  store
    .transactionOf(call.key)
    .effects.push(() => fleet.move(call.key.id, key, moves, generations));
  // Too late for what was written just now: it must be taken back with the transaction.
  if (!isCalm() && dice.chance(0.03)) throw new Error('failed after it wrote');
  return { outcome: 'done', output: { generations } };
}

function converge({ fleet }: StepWorld, call: StepCall): StepOutcome {
  const step = call.plan.steps.find(({ id }) => id === call.step.params.moveStep)!;
  const moves = movesOf(step);
  const record = call.journal.steps.get(stepKey(call.planNumber, step.id));
  const generations = (record?.output.generations ?? []) as readonly number[];
  const states = moves.map((each, at) => stateOf(fleet, each, generations[at] ?? 0));
  const at = states.indexOf('failed');
  if (at >= 0) return { outcome: 'unstable', reason: `${moves[at]!.name} could not run it` };
  const lost = moves.filter((_, index) => states[index] === 'lost').map(({ name }) => name);
  const all = new Set([...leftOutSoFar(call.journal), ...lost]);
  const isTooMuch = lost.length === moves.length || !mayLeaveOut(all.size, call.plan, 0);
  if (call.plan.role === 'forward' && lost.length > 0 && isTooMuch) {
    return { outcome: 'unstable', reason: `nodes were lost: ${lost.join(', ')}` };
  }
  if (states.includes('open')) return wait('converge', call.now + LOOK_AGAIN_MS);
  return { outcome: 'done', output: lost.length > 0 ? { leftOut: lost } : {} };
}

function stateOf(fleet: Fleet, { nodeId, to }: NodeMove, generation: number) {
  const node = fleet.node(nodeId);
  const { seen } = node;
  if (seen.generation >= generation) {
    if (seen.state === 'failed') return 'failed';
    if (seen.state === (to ? 'healthy' : 'absent')) return 'settled';
  }
  return fleet.healthOf(node) === 'Lost' ? 'lost' : 'open';
}

function serving({ fleet, isCalm, dice }: StepWorld, call: StepCall): StepOutcome {
  const nodes = [...fleet.nodes.values()];
  const isEnough = isCalm() || nodes.every((node) => fleet.healthOf(node) !== 'Lost');
  return isEnough || dice.chance(0.2) ? done : wait('serving', call.now + LOOK_AGAIN_MS);
}

function keep(call: StepCall): StepOutcome {
  const until = call.startedAt + Number(call.step.params.keepMs);
  return call.now >= until ? done : wait('keep', until);
}

function gate(world: StepWorld, call: StepCall): StepOutcome {
  if (!call.gate) return startGate(world, call);
  const { verdict, reason } = call.gate;
  switch (verdict) {
    case 'waiting':
      return wait('gate', call.now + POLL_MS, true);
    case 'stable':
      return done;
    case 'unstable':
      return { outcome: 'unstable', reason };
    case 'inconclusive':
      return world.dice.chance(0.5)
        ? { outcome: 'attention', reason: `inconclusive: ${reason}` }
        : startGate(world, call);
  }
}

function startGate({ store }: StepWorld, call: StepCall): StepOutcome {
  const { draft } = store.transactionOf(call.key);
  draft.gate = { stepId: call.step.id, verdict: 'waiting', reason: 'the first poll is to come' };
  const before = call.journal.steps.get(stepKey(call.planNumber, call.step.id));
  const restarts = before?.status === 'started';
  return { ...wait('gate', call.now + POLL_MS, true), restarts } as StepOutcome;
}
