import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../../src/kernel/ids.js';
import type { Hint, RunHandler, WakeUp } from '../../../src/platform/queue/wake-up.js';
import { eventually } from '../eventually.js';

export interface WakeUpUnderTest {
  /** A new one on the same server, as another process would have it. */
  open(): WakeUp;
  close(): Promise<void>;
}

/** What every driver of WakeUp must do. */
export function wakeUpConformance(title: string, setUp: () => Promise<WakeUpUnderTest>): void {
  describe(`WakeUp on ${title}`, () => {
    let server: WakeUpUnderTest;
    let producer: WakeUp;
    let worker: WakeUp;
    let seen: Hint[];
    let handle: RunHandler;

    beforeAll(async () => {
      server = await setUp();
      producer = server.open();
      worker = server.open();
      await worker.start((key, isUrgent) => handle(key, isUrgent), { normal: 4, urgent: 1 });
    });

    beforeEach(() => {
      seen = [];
      handle = async (key) => void seen.push(key);
    });

    afterAll(async () => {
      await Promise.all([producer?.stop(1_000), worker?.stop(1_000)]);
      await server?.close();
    });

    const key = (): Hint => ({ kind: 'test', tenantId: newId(), id: newId() });

    it('hands a run to a worker of another process', async () => {
      const run = key();
      producer.now(run);
      await eventually(() => expect(seen).toEqual([run]));
    });

    it('folds hints for one run that nobody has taken yet, and takes a later one again', async () => {
      const run = key();
      let open = () => {};
      const gate = new Promise<void>((resolve) => (open = resolve));
      const blocked: Hint[] = [];
      handle = async (each) => {
        if (each.id === run.id) return void seen.push(each);
        blocked.push(each);
        await gate;
      };
      for (let busy = 0; busy < 4; busy += 1) producer.now(key());
      await eventually(() => expect(blocked).toHaveLength(4));
      for (let times = 0; times < 20; times += 1) producer.now(run);
      open();
      await eventually(() => expect(seen).not.toEqual([]));
      // The job of a look may not be over yet; it folds a hint that comes at this moment. Where each
      // hint is a statement of its own, one that is late may come after the first look.
      const { length } = seen;
      await eventually(() => {
        if (seen.length === length) producer.now(run);
        expect(seen.length).toBeGreaterThan(length);
      });
      expect(seen.length).toBeLessThan(20);
      expect(seen.every(({ id }) => id === run.id)).toBe(true);
    });

    it('takes an urgent hint while a crowd of others has all other places and waits for more', async () => {
      const run = key();
      const crowd = Array.from({ length: 40 }, key);
      let open = () => {};
      const gate = new Promise<void>((resolve) => (open = resolve));
      const taken = new Set<string>();
      handle = async (each, isUrgent) => {
        if (isUrgent) return void seen.push(each);
        // A late hint of another test has nothing to wait for.
        if (!crowd.some(({ id }) => id === each.id)) return;
        taken.add(each.id);
        await gate;
      };
      for (const other of crowd) producer.now(other);
      await eventually(() => expect(taken.size).toBe(4));
      producer.urgently(run);
      await eventually(() => expect(seen).toEqual([run]));
      expect(taken.size).toBe(4);
      open();
      await eventually(() => expect(taken.size).toBe(40));
    });

    it('goes on after a handler that throws', async () => {
      const [bad, good] = [key(), key()];
      handle = async (each) => {
        seen.push(each);
        if (each.id === bad.id) throw new Error('refused by the test');
      };
      producer.now(bad);
      await eventually(() => expect(seen).toContainEqual(bad));
      producer.now(good);
      // As above: the first job may still be there and fold this hint.
      await eventually(() => {
        const again = seen.filter(({ id }) => id === bad.id).length;
        if (again === 1) producer.now(bad);
        expect(seen).toContainEqual(good);
        expect(again).toBeGreaterThanOrEqual(2);
      });
    });

    it('hands out no more than its concurrency at once', async () => {
      let running = 0;
      let most = 0;
      const done = new Set<string>();
      handle = async ({ id }) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        done.add(id);
      };
      const runs = Array.from({ length: 40 }, key);
      for (const run of runs) producer.now(run);
      await eventually(() => expect(runs.every(({ id }) => done.has(id))).toBe(true));
      expect(most).toBeLessThanOrEqual(4);
    });
  });
}
