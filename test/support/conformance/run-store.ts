/**
 * What every RunStore promises, as checks that can be run against any of them, and also run to show
 * that they go red when a defence is taken away.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Plan } from '../../../src/engine/plan.js';
import type { Lease, RunKey, RunStatus } from '../../../src/engine/run.js';
import {
  Fenced,
  type NewEntry,
  type Release,
  type RunTransaction,
} from '../../../src/engine/run-store.js';
import { newId } from '../../../src/kernel/ids.js';
import { limits } from '../../../src/kernel/limits.js';
import type { RunStoreBench, RunStoreCheck } from './run-store-check.js';
import { turnChecks } from './run-store-turns.js';

const LEASE_MS = 60_000;
const ENGINE = 'system:engine';
const free = { locksShared: false };
const undo: Plan = { role: 'undo', steps: [] };

const waiting = {
  kind: 'test',
  since: 0,
  until: 0,
  who: 'nobody',
  verb: null,
  detail: 'waits',
};
const inAnHour = () => ({
  until: Date.now() + 3_600_000,
  waitingOn: waiting,
  pollsGate: false,
});

const again = (failures: Release['failures'] = 'counted', delayMs = 0) => ({
  delayMs,
  failures,
  waitingOn: { kind: 'retry', who: 'the engine', verb: null, detail: 'it failed' },
});

async function take({ store }: RunStoreBench, key: RunKey, owner = newId()): Promise<Lease> {
  const lease = await store.lease(key, owner, LEASE_MS);
  if (!lease) throw new Error('the run could not be leased');
  return lease;
}

const note = (text: string) => (tx: RunTransaction) =>
  tx.append({ kind: 'step-note', planNumber: 1, stepId: 'c', actor: ENGINE, data: { text } });

const to = (status: RunStatus) => (tx: RunTransaction) =>
  tx.changeStatus({ status, reason: null }, ENGINE);

export const runStoreChecks: readonly RunStoreCheck[] = [
  ...turnChecks,
  {
    name: 'gives a run to one holder at a time, however many ask at once',
    check: async (bench) => {
      const key = await bench.add();
      const asked = Array.from({ length: 10 }, () => bench.store.lease(key, newId(), LEASE_MS));
      const got = (await Promise.all(asked)).filter((lease) => lease !== null);
      expect(got).toHaveLength(1);
      expect(got[0]).toMatchObject({ key, fence: 1, pokes: 0 });
    },
  },
  {
    name: 'gives a run on when its lease has run out, with a higher fence',
    check: async (bench) => {
      const key = await bench.add();
      const first = await take(bench, key);
      await bench.expire(key);
      expect((await take(bench, key)).fence).toBeGreaterThan(first.fence);
    },
  },
  {
    name: 'refuses every write of an old holder (fence)',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const old = await take(bench, key);
      const run = await store.load(old);
      await bench.expire(key);
      const present = await take(bench, key);
      await expect(store.commit(old, free, note('late'))).rejects.toThrow(Fenced);
      await expect(store.load(old)).rejects.toThrow(Fenced);
      expect(await store.sleep(old, run, inAnHour())).toBe(false);
      await store.release(old, again());
      expect(await bench.state(key)).toMatchObject({ isLeased: true });
      await store.commit(present, free, note('in time'));
      expect((await bench.journal(key)).map(({ data }) => data.text)).not.toContain('late');
    },
  },
  {
    name: 'keeps a run that is over asleep when its last holder gives the lease back',
    check: async (bench) => {
      const key = await bench.add();
      const lease = await take(bench, key);
      await bench.store.commit(lease, free, to('Cancelled'));
      await bench.store.release(lease, again());
      expect(await bench.state(key)).toEqual({
        status: 'Cancelled',
        isAwake: false,
        isLeased: false,
      });
    },
  },
  {
    name: 'renews what is still held and nothing else (fence)',
    check: async (bench) => {
      const owner = newId();
      const [kept, lost] = [await bench.add(), await bench.add()];
      const leases = [await take(bench, kept, owner), await take(bench, lost, owner)];
      await bench.expire(lost);
      await take(bench, lost, owner);
      const nothing = new Set();
      const renewed = await bench.store.renew(owner, leases, LEASE_MS);
      expect(renewed).toEqual({ renewed: new Set([kept.id]), busy: nothing });
      const strange = await bench.store.renew(newId(), leases, LEASE_MS);
      expect(strange).toEqual({ renewed: nothing, busy: nothing });
    },
  },
  {
    name: 'waits for no transaction when it renews, and tells whose lease it could not',
    check: async (bench) => {
      const owner = newId();
      const [acting, idle] = [await bench.add(), await bench.add()];
      const leases = [await take(bench, acting, owner), await take(bench, idle, owner)];
      const renew = () => bench.store.renew(owner, leases, LEASE_MS);
      const renewed = await bench.store.commit(leases[0]!, free, async () => renew());
      expect(renewed).toEqual({ renewed: new Set([idle.id]), busy: new Set([acting.id]) });
      expect((await renew()).busy).toEqual(new Set());
    },
  },
  {
    name: 'leaves a run alone that goes to sleep while the leases of its holder are renewed',
    check: async (bench) => {
      const { store } = bench;
      const owner = newId();
      // They take the time in which it goes to sleep: what is asked for last is looked at last.
      const gone = await take(bench, await bench.add(), owner);
      const before = Array.from({ length: 4_000 }, () => gone);
      for (let delayMs = 0; delayMs < 30; delayMs += 1) {
        const key = await bench.add();
        const lease = await take(bench, key, owner);
        const run = await store.load(lease);
        const renewal = store.renew(owner, [...before, lease], LEASE_MS);
        await pause(delayMs);
        await store.sleep(lease, run, inAnHour());
        await renewal;
        expect(await bench.state(key)).toMatchObject({ isLeased: false });
      }
    },
  },
  {
    name: 'does not let a run sleep over a hint that came while it was acted on',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      const run = await store.load(lease);
      await bench.poke(key);
      expect(await store.sleep(lease, run, inAnHour())).toBe(false);
      expect(await bench.state(key)).toMatchObject({ isLeased: true });
      expect(await store.sleep(lease, await store.load(lease), inAnHour())).toBe(true);
      expect(await bench.state(key)).toMatchObject({ isLeased: false, isAwake: true });
    },
  },
  {
    name: 'wakes a sleeper with a hint, and claims none that sleeps',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      await store.sleep(lease, await store.load(lease), inAnHour());
      expect(await ids(bench)).not.toContain(key.id);
      await bench.poke(key);
      expect(await ids(bench)).toContain(key.id);
    },
  },
  {
    name: 'claims rollbacks first, then who has waited longest',
    check: async (bench) => {
      const { store } = bench;
      const [late, early, back] = [await bench.add(), await bench.add(), await bench.add()];
      const lease = await take(bench, back);
      await store.commit(lease, free, to('Running'));
      await store.commit(lease, free, to('RollingBack'));
      await store.release(lease, again());
      await bench.dueSince(late, 10);
      await bench.dueSince(early, 20);
      await bench.dueSince(back, 1);
      const order: string[] = [];
      for (let count = 0; count < 3; count += 1) order.push(...(await ids(bench, 1)));
      expect(order).toEqual([back.id, early.id, late.id]);
      expect(await ids(bench)).toEqual([]);
    },
  },
  {
    name: 'lets tenants take turns, however much one of them has piled up',
    check: async (bench) => {
      const flooding = await bench.tenant();
      const other = await bench.tenant();
      const third = await bench.tenant();
      const flood = await addDue(bench, 12, { tenantId: flooding, seconds: 100 });
      const two = await addDue(bench, 2, { tenantId: other, seconds: 10 });
      const one = await addDue(bench, 1, { tenantId: third, seconds: 1 });
      const batch = new Set(await ids(bench, 6));
      expect(batch).toEqual(new Set([...flood.slice(0, 3), ...two, ...one]));
      expect(await ids(bench)).toHaveLength(9);
    },
  },
  {
    name: 'takes at most so many of one tenant at once',
    check: async (bench) => {
      await addDue(bench, limits.claimsPerTenant + 2, { tenantId: await bench.tenant() });
      const [other] = await addDue(bench, 1, { tenantId: await bench.tenant() });
      const batch = await ids(bench, 200);
      expect(batch).toHaveLength(limits.claimsPerTenant + 1);
      expect(batch).toContain(other);
      expect(await ids(bench, 200)).toHaveLength(2);
    },
  },
  {
    name: 'lets rollbacks pass a flood on a fifth of each batch, and beyond it by turns',
    check: async (bench) => {
      const { kind } = bench;
      const flooding = await bench.tenant();
      const normal = await addDue(bench, 20, { tenantId: flooding, seconds: 100 });
      const backs = await addDue(bench, 4, { tenantId: flooding, seconds: 1 });
      for (const id of backs) await turnBack(bench, { kind, tenantId: flooding, id });
      const [lone] = await addDue(bench, 1, { tenantId: await bench.tenant() });
      // Two of ten places are theirs; on the rest each tenant's first comes before anybody's third.
      const batch = await ids(bench, 10);
      expect(new Set(batch)).toEqual(new Set([...backs, lone, ...normal.slice(0, 5)]));
      const next = await ids(bench, 10);
      expect(new Set(next)).toEqual(new Set(normal.slice(5, 15)));
    },
  },
  {
    name: 'does not let a flood of rollbacks starve the others',
    check: async (bench) => {
      const { kind } = bench;
      const flooding = await bench.tenant();
      const backs = await addDue(bench, 12, { tenantId: flooding, seconds: 100 });
      for (const id of backs) await turnBack(bench, { kind, tenantId: flooding, id });
      const [lone] = await addDue(bench, 1, { tenantId: await bench.tenant() });
      const batch = await ids(bench, 5);
      expect(new Set(batch)).toEqual(new Set([...backs.slice(0, 4), lone]));
    },
  },
  {
    name: 'leaves a run that only polls a gate to the due loop',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      const sleep = { ...inAnHour(), until: 0, pollsGate: true };
      await store.sleep(lease, await store.load(lease), sleep);
      expect(await ids(bench)).not.toContain(key.id);
      await bench.poke(key);
      expect(await ids(bench)).toContain(key.id);
    },
  },
  {
    name: 'changes a status only along the table of transitions',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      await expect(store.commit(lease, free, to('Succeeded'))).rejects.toThrow(/no way/);
      expect(await bench.state(key)).toMatchObject({ status: 'Pending' });
      await store.commit(lease, free, to('Running'));
      await expect(store.commit(lease, free, to('Running'))).rejects.toThrow(/no way/);
      expect((await store.load(lease)).status).toBe('Running');
    },
  },
  {
    name: 'keeps nothing of a transaction that fails',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      const before = await bench.journal(key);
      const failing = store.commit(lease, free, async (tx) => {
        await note('half')(tx);
        await to('Running')(tx);
        throw new Error('half-way');
      });
      await expect(failing).rejects.toThrow('half-way');
      expect(await bench.journal(key)).toEqual(before);
      expect((await store.load(lease)).status).toBe('Pending');
    },
  },
  {
    name: 'loads the same with and without what was loaded before',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      const write = (work: (tx: RunTransaction) => Promise<unknown>) => () =>
        store.commit(lease, free, work);
      const undoPlanned: NewEntry = { kind: 'undo-planned', planNumber: 2, actor: ENGINE };
      const applied: NewEntry = { kind: 'applied', planNumber: 1, actor: ENGINE };
      const life = [
        write(note('first')),
        () => bench.ask(key, 'pause'),
        write(to('Running')),
        () => bench.ask(key, 'cancel'),
        write((tx) => tx.append({ ...applied, data: { number: 1 } })),
        write(to('RollingBack')),
        write((tx) => tx.savePlan(undo, '{}')),
        write((tx) => tx.append(undoPlanned)),
        write((tx) => tx.append({ ...applied, data: { number: 2 } })),
      ];
      const known = [await store.load(lease)];
      for (const step of life) {
        await step();
        const whole = await store.load(lease);
        for (const previous of known) {
          const { now: _, ...rest } = whole;
          expect(await store.load(lease, previous)).toMatchObject(rest);
        }
        known.push(whole);
      }
      expect(known.at(-1)).toMatchObject({ undo, verbs: [], journal: { undoPlanNumber: 2 } });
      expect(known[4]?.verbs.map(({ verb }) => verb)).toEqual(['pause', 'cancel']);
    },
  },
  {
    name: 'numbers the journal without gaps, also under parallel writers',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      const write = async (text: string) => {
        await store.commit(lease, free, async (tx) => {
          await note(text)(tx);
          await note(text)(tx);
        });
      };
      await Promise.all([...'abcdefgh'].map(write));
      const sequences = (await bench.journal(key)).map(({ seq }) => seq);
      expect(sequences).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
    },
  },
  {
    name: 'gives back plans, folded journal and verbs that are not applied yet',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      await bench.ask(key, 'pause');
      await bench.ask(key, 'cancel');
      const lease = await take(bench, key);
      await store.commit(lease, free, async (tx) => {
        await tx.append({ kind: 'applied', planNumber: 1, actor: 'olga', data: { number: 1 } });
        const planNumber = await tx.savePlan(undo, '{}');
        await tx.append({ kind: 'undo-planned', planNumber, actor: ENGINE });
      });
      const run = await store.load(lease);
      expect(run.verbs).toMatchObject([{ number: 2, verb: 'cancel', actor: 'olga' }]);
      expect(run.undo).toEqual(undo);
      expect(run.forward.role).toBe('forward');
      expect(run.journal).toMatchObject({ planNumber: 1, undoPlanNumber: 2, lastVerb: 1 });
    },
  },
  {
    name: 'counts errors in a row, and forgets them when the run sleeps or a person takes over',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      for (let failures = 0; failures < 3; failures += 1) {
        const lease = await take(bench, key);
        expect(lease.failures).toBe(failures);
        await store.release(lease, again());
      }
      const slept = await take(bench, key);
      await store.sleep(slept, await store.load(slept), inAnHour());
      const next = await take(bench, key);
      expect(next.failures).toBe(0);
      await store.release(next, again());
      await store.release(await take(bench, key), again('forgotten'));
      expect((await take(bench, key)).failures).toBe(0);
    },
  },
  {
    name: "keeps the count of errors for what is nobody's error, but knows of one",
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      await store.release(await take(bench, key), again('kept'));
      await store.release(await take(bench, key), again('kept'));
      const lease = await take(bench, key);
      expect(lease.failures).toBe(1);
      await store.release(lease, again());
      await store.release(await take(bench, key), again('kept', 60_000));
      const claimed = await store.claimDue(newId(), LEASE_MS, 100);
      expect(claimed.map((each) => each.key.id)).not.toContain(key.id);
      expect((await take(bench, key)).failures).toBe(2);
    },
  },
  {
    name: 'counts a lease that ran out as an error, however the run is taken next',
    check: async (bench) => {
      const key = await bench.add();
      await take(bench, key);
      await bench.expire(key);
      expect((await take(bench, key)).failures).toBe(1);
      await bench.expire(key);
      const claimed = await bench.store.claimDue(newId(), LEASE_MS, 100);
      expect(claimed.find((lease) => lease.key.id === key.id)?.failures).toBe(2);
    },
  },
  {
    name: 'lets a run that failed wait, but sleeps over no hint once a person takes over',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      await store.release(await take(bench, key), again('counted', 3_600_000));
      expect(await ids(bench)).not.toContain(key.id);
      const lease = await take(bench, key);
      await bench.poke(key);
      await store.release(lease, again('forgotten', 3_600_000));
      expect(await ids(bench)).toContain(key.id);
      await bench.expire(key);
      await store.release(await take(bench, key), again('forgotten', 3_600_000));
      expect(await ids(bench)).not.toContain(key.id);
    },
  },
  {
    name: 'lays to rest for its holder alone (fence)',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const old = await take(bench, key);
      await bench.expire(key);
      const present = await take(bench, key);
      await store.retire(old);
      expect(await bench.state(key)).toMatchObject({ isAwake: true, isLeased: true });
      await store.retire(present);
      expect(await bench.state(key)).toMatchObject({ isAwake: false, isLeased: false });
    },
  },
  {
    name: 'gives the lease back for good when the run is over',
    check: async (bench) => {
      const { store } = bench;
      const key = await bench.add();
      const lease = await take(bench, key);
      await store.commit(lease, { locksShared: true }, to('Cancelled'));
      const over = { status: 'Cancelled', isAwake: false, isLeased: false };
      expect(await bench.state(key)).toEqual(over);
      expect((await bench.journal(key)).at(-1)).toMatchObject({
        kind: 'finished',
        data: { status: 'Cancelled', previousStatus: 'Pending' },
      });
      await bench.poke(key);
      expect(await store.lease(key, newId(), LEASE_MS)).toBeNull();
      expect(await ids(bench)).not.toContain(key.id);
    },
  },
];

/** Due one after the other, the first of them since so many seconds. */
async function addDue(
  bench: RunStoreBench,
  count: number,
  { tenantId, seconds = 50 }: { readonly tenantId: string; readonly seconds?: number },
): Promise<string[]> {
  const added: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const key = await bench.add(tenantId);
    await bench.dueSince(key, seconds * 1_000 - number);
    added.push(key.id);
  }
  return added;
}

/** Taken back by itself: from now on it is in the lane of rollbacks, and due. */
async function turnBack(bench: RunStoreBench, key: RunKey): Promise<void> {
  const lease = await take(bench, key);
  await bench.store.commit(lease, free, to('Running'));
  await bench.store.commit(lease, free, to('RollingBack'));
  await bench.store.release(lease, again());
  await bench.dueSince(key, 5);
}

async function ids({ store }: RunStoreBench, limit = 100): Promise<string[]> {
  return (await store.claimDue(newId(), LEASE_MS, limit)).map(({ key }) => key.id);
}
