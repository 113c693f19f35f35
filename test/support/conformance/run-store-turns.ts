/** What a RunStore promises to a turn: what is folded in memory is what anybody else would read. */
import { expect } from '@jest/globals';
import type { Plan } from '../../../src/engine/plan.js';
import type { Lease, LoadedRun, RunKey } from '../../../src/engine/run.js';
import type { Sleep } from '../../../src/engine/run-store.js';
import { Turn, type After } from '../../../src/engine/turn.js';
import { newId } from '../../../src/kernel/ids.js';
import type { RunStoreBench, RunStoreCheck } from './run-store-check.js';

const LEASE_MS = 60_000;
const ENGINE = 'system:engine';
const undo: Plan = { role: 'undo', steps: [] };
const again: Plan = { role: 'forward', steps: [] };

const inAnHour = (): Sleep => ({
  until: Date.now() + 3_600_000,
  pollsGate: false,
  waitingOn: { kind: 'test', since: 0, until: 0, who: 'nobody', verb: null, detail: 'waits' },
});

async function held(bench: RunStoreBench): Promise<{ key: RunKey; lease: Lease; run: LoadedRun }> {
  const key = await bench.add();
  const lease = await bench.store.lease(key, newId(), LEASE_MS);
  if (!lease) throw new Error('the run could not be leased');
  return { key, lease, run: await bench.store.load(lease) };
}

const turnOf = (
  { store }: RunStoreBench,
  { lease, run }: { readonly lease: Lease; readonly run: LoadedRun },
  work: (turn: Turn) => Promise<unknown>,
): Promise<After> =>
  store.commit(lease, { locksShared: false }, async (tx) => {
    const turn = new Turn(tx, run);
    await work(turn);
    return turn.after;
  });

const note = (turn: Turn, text: string) =>
  turn.append({ kind: 'step-note', planNumber: 1, actor: ENGINE, data: { text } });

async function everything(turn: Turn): Promise<void> {
  const about = { planNumber: 1, stepId: 'a', attempt: 1, actor: ENGINE };
  await turn.append({ kind: 'applied', planNumber: 1, actor: ENGINE, data: { number: 1 } });
  await turn.append({ kind: 'step-started', ...about, data: { title: 'A' } });
  const output = { nodes: [1, null], left: undefined, deep: { gone: undefined, kept: 'x' } };
  await turn.append({ kind: 'step-succeeded', ...about, data: output });
  await turn.changeStatus({ status: 'Running', reason: null }, ENGINE);
  const planNumber = await turn.savePlan(again, '{}');
  await turn.append({ kind: 'replanned', planNumber, actor: ENGINE });
  await turn.changeStatus({ status: 'Paused', reason: 'look' }, ENGINE);
  const change = { status: 'RollingBack', ending: 'Cancelled', reason: 'no' } as const;
  await turn.changeStatus(change, ENGINE);
  const number = await turn.savePlan(undo, '{}');
  await turn.append({ kind: 'undo-planned', planNumber: number, actor: ENGINE });
  await note(turn, 'the end');
}

export const turnChecks: readonly RunStoreCheck[] = [
  {
    name: 'leaves what a turn has made of the run, as anybody would read it',
    check: async (bench) => {
      const key = await bench.add();
      await bench.ask(key, 'pause');
      await bench.ask(key, 'cancel');
      const lease = await bench.store.lease(key, newId(), LEASE_MS);
      const run = await bench.store.load(lease!);
      const after = await turnOf(bench, { lease: lease!, run }, everything);
      const { now: _, ...read } = await bench.store.load(lease!);
      const { now: __, ...made } = after as LoadedRun;
      expect(made).toEqual(read);
      expect(read).toMatchObject({ status: 'RollingBack', forward: again, undo });
    },
  },
  {
    name: 'lets a turn sleep together with what it has written, or not at all',
    check: async (bench) => {
      const asleep = await held(bench);
      const work = async (turn: Turn) => {
        await note(turn, 'last');
        await turn.sleep(inAnHour());
      };
      expect(await turnOf(bench, asleep, work)).toBe('asleep');
      expect(await bench.state(asleep.key)).toMatchObject({ isLeased: false, isAwake: true });
      const failing = await held(bench);
      const failed = turnOf(bench, failing, async (turn) => {
        await work(turn);
        throw new Error('too late');
      });
      await expect(failed).rejects.toThrow('too late');
      expect(await bench.state(failing.key)).toMatchObject({ isLeased: true });
    },
  },
  {
    name: 'lets no turn sleep over a hint that came since the run was read',
    check: async (bench) => {
      const hinted = await held(bench);
      await bench.poke(hinted.key);
      const after = await turnOf(bench, hinted, (turn) => turn.sleep(inAnHour()));
      expect(after).toBe('stale');
      expect(await bench.state(hinted.key)).toMatchObject({ isLeased: true });
    },
  },
];
