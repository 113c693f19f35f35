/** The real interpreter over the store in memory, with steps that do what the test says. */
import { planUndo } from '../../src/deployments/runs/undo.js';
import { Interpreter } from '../../src/engine/interpreter.js';
import { stepKey } from '../../src/engine/journal.js';
import type { Plan, Step, StepEffect } from '../../src/engine/plan.js';
import type { RunKind } from '../../src/engine/run-kind.js';
import type { RunKey, RunStatus } from '../../src/engine/run.js';
import { Fenced } from '../../src/engine/run-store.js';
import type { StepHandler, StepOutcome, StepCall } from '../../src/engine/step-handler.js';
import { registry, type Registry } from '../../src/kernel/registry.js';
import type { OpenContext } from '../../src/platform/context.js';
import { Crash, FakeRunStore, type FakeRun } from './fake-run-store.js';

/** By step id; what is not named succeeds. May throw. */
export type Script = Readonly<
  Record<string, (call: StepCall) => StepOutcome | Promise<StepOutcome>>
>;

const LEASE_MS = 4_000;
const DEADLINE_MS = 60_000;
const ROUNDS = 300;
const terminal = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'];

function step(id: string, kind: string, effect: StepEffect, wave: number): Step {
  const params = effect === 'move' ? { nodes: movesOfWave(wave) } : {};
  return {
    id,
    kind,
    effects: [effect],
    wave,
    title: `Step ${id}`,
    deadlineMs: DEADLINE_MS,
    params,
  };
}

function movesOfWave(wave: number) {
  const to = { releaseId: 'new', releaseDigest: 'sha256:new', configurationId: null };
  return [{ nodeId: `node-${wave}`, name: `n${wave}`, from: null, to }];
}

/** preflight, slot, then move, converge and gate for each wave. */
export function planOf(waves = 2): Plan {
  const opening = [step('preflight', 'preflight', 'check', 0), step('slot', 'slot', 'check', 0)];
  const rest = Array.from({ length: waves }, (_, index) => index + 1).flatMap((wave) => [
    step(`w${wave}.move`, 'move', 'move', wave),
    step(`w${wave}.converge`, 'converge', 'converge', wave),
    step(`w${wave}.gate`, 'gate', 'gate', wave),
  ]);
  return { role: 'forward', steps: [...opening, ...rest] };
}

export const waitUntil = (until: number): StepOutcome => ({
  outcome: 'wait',
  until,
  waitingOn: { kind: 'test', who: 'the test', verb: null, detail: 'not yet' },
});

export class EngineRig {
  readonly finished: RunStatus[] = [];
  /** What handlers outside a transaction did; a crash may repeat these. */
  readonly outside: string[] = [];
  readonly interpreter: Interpreter;
  readonly kinds: Registry<RunKind>;
  planUndo = planUndo;
  script: Script = {};

  onFinish: RunKind['onFinish'] = async (tx, _key, status) => {
    await tx.open.tx.execute(`finish ${status}`);
    this.finished.push(status);
  };

  constructor(
    readonly store = new FakeRunStore(),
    /** Of the handler outside a transaction. */
    private readonly outsideIs: Pick<StepHandler, 'budget' | 'onlyLooks'> = {},
    others: readonly RunKind[] = [],
  ) {
    const kinds = ['slot', 'move', 'converge', 'gate'];
    const deployments: RunKind = {
      kind: 'deployment',
      title: 'Deployment',
      steps: registry('step', [
        this.handler('preflight', 'outside'),
        ...kinds.map((kind) => this.handler(kind, 'transaction')),
      ]),
      planUndo: (call) => this.planUndo(call),
      onFinish: (tx, key, status) => this.onFinish(tx, key, status),
    };
    this.kinds = registry('kind of run', [deployments, ...others]);
    this.interpreter = new Interpreter({ store, kinds: this.kinds });
  }

  /** Acts whenever the run is due and moves the clock on to when it will be, until it is over. */
  async drive(key: RunKey, atEachWake: (run: FakeRun) => void = () => undefined): Promise<FakeRun> {
    const { store } = this;
    const run = store.run(key);
    for (let round = 0; round < ROUNDS && !this.isOver(key); round += 1) {
      const [lease] = await store.claimDue('rig', LEASE_MS, 1);
      if (lease) await this.interpreter.act(lease, { abort: new AbortController().signal });
      if (this.isOver(key)) break;
      store.clock.advance(Math.max(0, (run.wakeAt ?? 0) - store.clock.now()));
      atEachWake(run);
    }
    if (!this.isOver(key)) throw new Error(`the run never ends: ${run.status}`);
    return run;
  }

  /** The same, over crashes: a new process finds what was committed. */
  async driveOverCrash(key: RunKey): Promise<FakeRun> {
    try {
      return await this.drive(key);
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof Fenced)) throw error;
      this.store.revive();
      return this.drive(key);
    }
  }

  isOver(key: RunKey): boolean {
    return terminal.includes(this.store.run(key).status);
  }

  private handler(kind: string, mode: StepHandler['mode']): StepHandler {
    return {
      kind,
      title: kind,
      mode,
      ...(mode === 'outside' ? this.outsideIs : {}),
      ...(kind === 'slot' ? { locksShared: true } : {}),
      run: async (ctx, call) => {
        const effect = stepKey(call.planNumber, call.step.id);
        // Before it may fail: what a failing handler has done must be taken back with it.
        if (mode === 'transaction') await (ctx as OpenContext).tx.execute(effect);
        const outcome = (await this.script[call.step.id]?.(call)) ?? standard(call);
        if (mode === 'outside') this.outside.push(effect);
        if (mode === 'transaction' && outcome.outcome === 'wait')
          await (ctx as OpenContext).tx.execute(`wait ${effect}`);
        return outcome;
      },
    };
  }
}

function standard({ step: { kind } }: StepCall): StepOutcome {
  return kind === 'slot' ? { outcome: 'done', status: 'Running' } : { outcome: 'done' };
}
