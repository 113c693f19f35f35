/**
 * One seeded life of a cluster: some rollouts, some workers, faults for a while and then calm. The
 * engine is the real one; time, store, nodes and hints are simulated.
 */
import { planUndo } from '../../src/deployments/runs/undo.js';
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import { strategies } from '../../src/deployments/strategies/strategies.js';
import type { Pair, Plan } from '../../src/engine/plan.js';
import type { RunKind } from '../../src/engine/run-kind.js';
import type { RunKey, RunStatus } from '../../src/engine/run.js';
import { ManualClock } from '../../src/kernel/clock.js';
import { DomainError } from '../../src/kernel/errors.js';
import { registry } from '../../src/kernel/registry.js';
import { factsOf, gateChoice, nodeOf, pairOf } from '../support/cluster-facts.js';
import { Checkers } from './checkers.js';
import { Dice } from './dice.js';
import { Fleet, type FleetNode } from './fleet.js';
import { SimulatedStore } from './simulated-store.js';
import { POLL_MS, simulatedSteps } from './simulated-steps.js';
import { Trace, Violation } from './violation.js';
import { VirtualTime } from './virtual-time.js';
import { WorkerProcess, type WorkerWorld } from './worker-process.js';

/** Each can be taken away, to show that the checkers notice. */
export interface Defences {
  readonly fencing: boolean;
  /** Agents refuse a generation that is lower than one they have seen. */
  readonly remembersGenerations: boolean;
  readonly dueLoop: boolean;
  /** One rollout at a time on a module and cluster. */
  readonly slot: boolean;
}

export const allDefences: Defences = {
  fencing: true,
  remembersGenerations: true,
  dueLoop: true,
  slot: true,
};

export interface Lived {
  readonly seed: number;
  readonly statuses: readonly RunStatus[];
  readonly virtualMs: number;
  readonly crashes: number;
}

const START = Date.UTC(2026, 0, 1);
const CALM_BASE_MS = 60_000;
/** Calm: a step takes no longer than to converge, or for a gate to be polled. */
const CALM_STEP_MS = 10_000;
/** The last crashed worker has come back, and has had the time for a beat. */
const CALM_LEASES_MS = 8_000;
const SETTLE_MS = 15_000;
const STRATEGY_PARAMS: Readonly<Record<string, readonly object[]>> = {
  canary: [{}, { trafficPercent: [25] }, { wavesPercent: [50, 100] }],
  rolling: [{ maxUnavailable: 1 }, { maxUnavailable: '50%' }, { maxSurge: 1 }],
  'blue-green': [{ keepBlueMs: 3_000 }, { keepBlueMs: 0 }],
};

/** Throws a Violation, with the seed and a trace, when an invariant does not hold. */
export async function simulate(seed: number, defences = allDefences): Promise<Lived> {
  const life = new Life(seed, defences);
  const restore = life.time.install();
  try {
    return await life.live();
  } finally {
    restore();
  }
}

class Life {
  readonly time: VirtualTime;
  private readonly dice: Dice;
  private readonly trace: Trace;
  private readonly store: SimulatedStore;
  private readonly fleet: Fleet;
  private readonly checkers: Checkers;
  private readonly slot: { holder: string | null } = { holder: null };
  private readonly workers: WorkerProcess[] = [];
  private readonly keys: RunKey[] = [];
  private readonly wanted = new Map<string, { to: Pair; kind: string; params: object }>();
  private readonly calmFrom: number;
  private readonly world: WorkerWorld;
  private crashes = 0;
  /** So many have turned the switch, and not yet back. */
  private switchedOff = 0;

  constructor(
    private readonly seed: number,
    defences: Defences,
  ) {
    const clock = new ManualClock(START);
    this.time = new VirtualTime(clock);
    this.dice = new Dice(seed);
    this.trace = new Trace(() => this.time.now());
    this.calmFrom = START + this.dice.between(20_000, 60_000);
    this.store = new SimulatedStore(clock, { fencing: defences.fencing });
    this.store.trace = this.trace;
    this.fleet = new Fleet(this.time, this.dice, this.trace, {
      remembersGenerations: defences.remembersGenerations,
      isCalm: this.isCalm,
      onReport: (node) => this.reported(node),
    });
    this.checkers = new Checkers(this.trace, this.fleet, () => this.time.now());
    this.store.onCommit = (run) => {
      this.trace.say(
        `run ${this.numberOf(run.key)} ${run.status}: ${run.entries.at(-1)?.kind ?? ''}`,
      );
      this.checkers.committed(run);
    };
    this.world = this.workerWorld(defences);
  }

  async live(): Promise<Lived> {
    this.populate();
    for (let count = this.dice.between(2, 3); count > 0; count -= 1) this.startWorker();
    for (let count = this.dice.between(1, 3); count > 0; count -= 1) this.add();
    this.planFaults();
    const until = this.boundOf();
    let nextLook = START;
    while (this.trace.violations.length === 0 && (await this.time.step())) {
      if (this.time.now() >= nextLook) {
        nextLook = this.time.now() + 100;
        const isLongCalm = nextLook > this.calmFrom + CALM_LEASES_MS;
        for (const key of this.keys) this.checkers.moment(this.store.run(key), isLongCalm);
      }
      if (this.isOver() && this.isCalm()) break;
      if (this.time.now() > until) this.trace.violated('I1', this.stillOpen());
    }
    await this.settle();
    for (const worker of this.workers) worker.isDead = true;
    const [violation] = this.trace.violations;
    if (violation) throw this.explained(violation);
    const statuses = this.keys.map((key) => this.store.run(key).status);
    return {
      seed: this.seed,
      statuses,
      crashes: this.crashes,
      virtualMs: this.time.now() - START,
    };
  }

  private readonly isCalm = (): boolean => this.time.now() >= this.calmFrom;

  private async settle(): Promise<void> {
    const until = this.time.now() + SETTLE_MS;
    while (this.trace.violations.length === 0 && this.time.now() < until) await this.time.step();
    if (this.trace.violations.length > 0) return;
    for (const key of this.keys) this.checkers.end(this.store.run(key));
    this.checkers.fleetAtEnd();
  }

  private populate(): void {
    const { dice } = this;
    for (let at = dice.between(1, 6); at > 0; at -= 1) {
      const { nodeId, name } = nodeOf(at);
      this.fleet.add(nodeId, name, dice.chance(0.1) ? null : pairOf('old'));
    }
  }

  private add(): void {
    const { dice } = this;
    const kind = dice.pick(strategies.kinds);
    const params = dice.pick(STRATEGY_PARAMS[kind] ?? [{}]);
    const to = pairOf(`new-${this.keys.length}`, dice.chance(0.3) ? 'c1' : null);
    const wanted = { to, kind, params };
    const key = this.store.add(this.planOf(wanted));
    this.wanted.set(key.id, wanted);
    this.keys.push(key);
    if (dice.chance(0.2)) this.fleet.broken.add(`${to.releaseId}:${dice.pick(this.nodes()).id}`);
    this.hint(key);
  }

  private nodes(): FleetNode[] {
    return [...this.fleet.nodes.values()];
  }

  private planOf({ to, kind, params }: { to: Pair; kind: string; params: object }): Plan {
    const nodes = this.nodes().map(({ id, name, desired }, at) =>
      nodeOf(at, { nodeId: id, name, from: desired.to }),
    );
    const facts = factsOf({ nodes, to, gate: { ...gateChoice, maxWaitMs: 60_000 } });
    try {
      const strategy = strategies.get(kind);
      return strategy.plan(facts, strategy.params.parse(params));
    } catch (error) {
      // No blue on any node, nothing to share: then as the simplest strategy does it.
      if (!(error instanceof DomainError)) throw error;
      return strategies.get('direct').plan(facts, {});
    }
  }

  private workerWorld(defences: Defences): WorkerWorld {
    const { time, dice, trace, store, fleet, slot, isCalm, calmFrom } = this;
    const planAnew = (id: string) => this.planOf(this.wanted.get(id)!);
    const poller = { name: 'gates', poll: async () => this.pollGates() };
    return {
      time,
      dice,
      trace,
      store,
      isCalm,
      calmFrom,
      poller,
      dueLoop: defences.dueLoop,
      kinds: registry<RunKind>('kind of run', [
        {
          kind: 'deployment',
          title: 'Deployment',
          steps: simulatedSteps({
            store,
            fleet,
            dice,
            slot,
            isCalm,
            isSwitchedOff: () => this.switchedOff > 0,
            planAnew,
            waitsForSlot: defences.slot,
          }),
          planUndo,
          onFinish: async (_tx, key) => {
            store.transactionOf(key).effects.push(() => this.finished(key));
          },
        },
      ]),
      onDeath: () => {
        this.crashes += 1;
        time.after(dice.between(200, 6_000), () => this.startWorker());
      },
    };
  }

  private finished(key: RunKey): void {
    this.checkers.finished(this.store.run(key));
    if (this.slot.holder !== key.id) return;
    this.slot.holder = null;
    for (const other of this.keys) if (other !== key) this.store.poke(other);
  }

  private startWorker(): void {
    const worker = new WorkerProcess(this.world, `worker-${this.workers.length + 1}`);
    this.workers.push(worker);
    worker.start();
  }

  /** Hints get lost, come late, and come to several. */
  private hint(key: RunKey): void {
    const { dice } = this;
    for (const worker of this.workers) {
      if (worker.isDead || !dice.chance(0.4)) continue;
      worker.hint(key, dice.between(1, this.isCalm() ? 20 : 1_500));
    }
  }

  private reported(_node: FleetNode): void {
    const { holder } = this.slot;
    const key = this.keys.find(({ id }) => id === holder);
    if (!key || this.store.run(key).waitingOn?.kind !== 'converge') return;
    if (this.dice.chance(0.3)) return;
    this.store.poke(key);
    this.hint(key);
  }

  private planFaults(): void {
    const { dice, time } = this;
    const span = this.calmFrom - START;
    const sometime = () => dice.between(0, span - 1);
    for (let count = dice.between(0, 3); count > 0; count -= 1) {
      time.after(sometime(), () => dice.pick(this.workers).crash('by itself'));
    }
    for (let count = dice.between(0, 3); count > 0; count -= 1) {
      time.after(sometime(), () => dice.pick(this.workers).stop(dice.between(3_000, 12_000)));
    }
    for (let count = dice.between(0, 2); count > 0; count -= 1) {
      time.after(sometime(), () => {
        // Calm means that everybody is back.
        const most = this.calmFrom - time.now();
        this.fleet.silence(dice.pick(this.nodes()), Math.min(most, dice.between(2_000, 40_000)));
      });
    }
    for (let count = dice.between(0, 2); count > 0; count -= 1) {
      time.after(sometime(), () => this.turnSwitch());
    }
    for (let count = dice.between(0, 5); count > 0; count -= 1) {
      time.after(sometime(), () => this.verb(dice.pick(this.keys)));
    }
    this.operate();
  }

  /** Back before it is calm. Who waits for it is told, or looks again by itself. */
  private turnSwitch(): void {
    const { dice, time } = this;
    this.switchedOff += 1;
    const most = Math.max(1, this.calmFrom - time.now());
    time.after(Math.min(most, dice.between(1_000, 60_000)), () => {
      this.switchedOff -= 1;
      if (dice.chance(0.5)) for (const key of this.keys) this.store.poke(key);
    });
  }

  private verb(key: RunKey): void {
    const run = this.store.run(key);
    if (deploymentStates.isTerminal(run.status)) return;
    const verb = this.dice.pick(['pause', 'resume', 'cancel', 'promote'] as const);
    const stepId = run.gate?.stepId ?? 'w1.converge';
    this.trace.say(`run ${this.numberOf(key)}: somebody asks to ${verb}`);
    this.store.ask(key, verb, verb === 'promote' ? { stepId } : { leave: this.dice.chance(0.3) });
    this.hint(key);
  }

  /** Somebody is on duty: what is paused is resumed, or ended, after a while. */
  private operate(): void {
    this.time.after(5_000, () => {
      for (const key of this.keys) {
        const run = this.store.run(key);
        if (run.status !== 'Paused' || !this.dice.chance(0.7)) continue;
        this.store.ask(key, this.dice.chance(0.8) ? 'resume' : 'cancel');
      }
      this.operate();
    });
  }

  /** What the due loop does for gates: folds without a lease, and wakes the run for a verdict. */
  private pollGates(): { polled: number; more: boolean } {
    const now = this.time.now();
    const due = [...this.store.runs.values()].filter(
      ({ pollsGate, wakeAt, leaseUntil }) =>
        pollsGate && wakeAt !== null && wakeAt <= now && (leaseUntil === null || leaseUntil < now),
    );
    for (const run of due) {
      const verdict = this.verdict();
      if (!run.gate) this.store.poke(run.key);
      else if (verdict === 'waiting') run.wakeAt = now + POLL_MS;
      else {
        run.gate = { ...run.gate, verdict, reason: 'so fell the dice' };
        this.store.poke(run.key);
      }
    }
    return { polled: due.length, more: false };
  }

  private verdict() {
    const roll = this.dice.roll();
    if (this.isCalm()) return roll < 0.8 ? 'stable' : roll < 0.95 ? 'waiting' : 'inconclusive';
    if (roll < 0.5) return 'stable';
    return roll < 0.85 ? 'waiting' : roll < 0.93 ? 'unstable' : 'inconclusive';
  }

  private boundOf(): number {
    const steps = this.keys.reduce(
      (sum, key) => sum + (this.store.run(key).plans[0]?.steps.length ?? 0),
      0,
    );
    return this.calmFrom + CALM_BASE_MS + steps * CALM_STEP_MS;
  }

  private isOver(): boolean {
    return this.keys.every((key) => deploymentStates.isTerminal(this.store.run(key).status));
  }

  private stillOpen(): string {
    const open = this.keys
      .filter((key) => !deploymentStates.isTerminal(this.store.run(key).status))
      .map((key) => {
        const { status, waitingOn } = this.store.run(key);
        return `run ${this.numberOf(key)} is ${status}, waits for ${waitingOn?.detail ?? 'nothing'}`;
      });
    return `not over in time: ${open.join('; ')}`;
  }

  private numberOf({ id }: RunKey): number {
    return this.keys.findIndex((key) => key.id === id);
  }

  private explained(violation: Violation): Violation {
    violation.message = [
      violation.message,
      `To see it again: npm run simulate -- --seeds 1 --from ${this.seed}`,
      'What happened last:',
      this.trace.toString(),
    ].join('\n');
    return violation;
  }
}
