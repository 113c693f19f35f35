/** A step that somebody keeps from going on: no time of its own passes, and the journal says it twice. */
import fc from 'fast-check';
import { EngineRig, planOf } from '../../test/support/engine-rig.js';
import { began, done, entriesOf, status, type Line } from '../../test/support/decide-input.js';
import type { FakeRun } from '../../test/support/fake-run-store.js';
import { foldJournal, stepKey } from './journal.js';
import type { StepCall, StepOutcome } from './step-handler.js';
import { lastWord } from './step-outcome.js';
import { spentMs } from './step-time.js';

const DAY_MS = 86_400_000;

const held = ({ now }: StepCall): StepOutcome => ({
  outcome: 'wait',
  until: now + 30_000,
  deadline: 3 * DAY_MS,
  isHeld: true,
  waitingOn: { kind: 'freeze', who: 'an admin', verb: null, detail: 'frozen' },
});

const letGo = ({ step }: StepCall): StepOutcome => ({
  outcome: 'done',
  ...(step.kind === 'slot' ? { status: 'Running' } : {}),
});

const notesOf = ({ entries }: FakeRun) =>
  entries.filter(({ kind }) => kind === 'step-note').map(({ data }) => data);

describe.each(['slot', 'w2.move'])('a step that is held: %s', (id) => {
  it('has all its time when it is let go, however long that took', async () => {
    const rig = new EngineRig();
    const { store } = rig;
    const until = store.clock.now() + 3 * DAY_MS;
    rig.script = { [id]: (call) => (call.now < until ? held(call) : letGo(call)) };
    const waits: unknown[] = [];
    const run = await rig.drive(store.add(planOf()), ({ waitingOn }) => {
      if (waitingOn?.kind === 'freeze') waits.push(waitingOn);
      store.clock.advance(DAY_MS / 4);
    });
    expect(run).toMatchObject({ status: 'Succeeded' });
    expect(notesOf(run)).toEqual([
      { held: { kind: 'freeze', who: 'an admin', verb: null, detail: 'frozen' } },
      { released: true },
    ]);
    expect(waits.length).toBeGreaterThan(5);
    // Since when, and until when, stay the same from one look to the next.
    expect(new Set(waits.map((wait) => JSON.stringify(wait))).size).toBe(1);
  });

  it('uses the rest of it then, and no more', async () => {
    const rig = new EngineRig();
    const { store } = rig;
    let looks = 0;
    rig.script = {
      [id]: (call) => {
        looks += 1;
        const isHeld = looks >= 2 && looks <= 4;
        return { ...held(call), isHeld, until: call.now + 20_000 };
      },
    };
    const run = await rig.drive(store.add(planOf()));
    expect(run.reason).toContain('not done within 60 s');
    // 20 s before, three looks that take nothing, 20 + 20 s after, and the last look.
    expect(looks).toBe(7);
    expect(notesOf(run)).toHaveLength(2);
  });

  it('can be cancelled', async () => {
    const rig = new EngineRig();
    const { store } = rig;
    rig.script = { [id]: held };
    const key = store.add(planOf());
    let isAsked = false;
    const run = await rig.drive(key, ({ waitingOn }) => {
      if (isAsked || waitingOn?.kind !== 'freeze') return;
      isAsked = true;
      store.ask(key, 'cancel');
    });
    expect(run).toMatchObject({ status: 'Cancelled' });
  });
});

it('is not over by its deadline alone, but by the first look after it is let go', () => {
  const wait = { ...held({ now: 0 } as StepCall), isHeld: true } as StepOutcome;
  expect(lastWord('too late', wait)).toBe(wait);
  expect(lastWord('too late', { ...wait, isHeld: false } as StepOutcome)).toMatchObject({
    outcome: 'failed',
  });
});

describe('what a step has spent', () => {
  const hold: (at: number) => Line = (at) => ({
    kind: 'step-note',
    step: 'a',
    at,
    data: { held: { kind: 'freeze' } },
  });
  const release = (at: number): Line => ({
    kind: 'step-note',
    step: 'a',
    at,
    data: { released: true },
  });
  const spent = (lines: readonly Line[], now: number) => {
    const journal = foldJournal(entriesOf([began('a', 10), ...lines]));
    const record = journal.steps.get(stepKey(1, 'a'))!;
    return spentMs({ id: 'a' }, record, { journal, gate: null, now });
  };

  it('stands still while it is held', () => {
    expect(spent([hold(20)], 500)).toBe(10);
    expect(spent([hold(20), release(120)], 150)).toBe(40);
    expect(spent([hold(20), hold(60), release(120)], 150)).toBe(40);
  });

  it('counts a pause within a hold, and a hold within a pause, once', () => {
    expect(spent([hold(20), status('Paused', 30), status('Running', 40), release(60)], 70)).toBe(
      20,
    );
    expect(spent([hold(20), status('Paused', 30), release(40), status('Running', 60)], 70)).toBe(
      20,
    );
    expect(spent([hold(20), status('Paused', 30), status('Running', 40)], 70)).toBe(10);
  });

  it('of the next step begins anew: what held the last one is over with it', () => {
    const journal = foldJournal(
      entriesOf([began('a', 10), hold(20), done('a', 50), began('b', 50)]),
    );
    expect(journal).toMatchObject({ heldSince: null, stoppedSince: null, pausedMs: 30 });
    expect(journal.steps.get(stepKey(1, 'b'))).toMatchObject({ pausedMsBefore: 30 });
  });

  it('is never more than what has passed, never less than nothing, and never goes back', () => {
    const event = fc.constantFrom(
      hold,
      release,
      (at: number) => status('Paused', at),
      (at: number) => status('Running', at),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.integer({ min: 1, max: 50 })), { maxLength: 20 }),
        (events) => {
          let [at, before] = [10, 0];
          const lines: Line[] = [];
          for (const [make, later] of events) {
            at += later;
            const reached = spent(lines, at);
            expect(reached).toBeGreaterThanOrEqual(before);
            expect(reached).toBeLessThanOrEqual(at - 10);
            lines.push(make(at));
            // What happens at this moment takes nothing back of what was spent until now.
            expect(spent(lines, at)).toBe(reached);
            before = reached;
          }
        },
      ),
    );
  });
});
