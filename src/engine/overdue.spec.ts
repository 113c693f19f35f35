/** A deadline that has passed while nobody could look: no worker, no database, no place in a queue. */
import { EngineRig, planOf, waitUntil } from '../../test/support/engine-rig.js';

const OUTAGE_MS = 300_000;

/** Waits for something that happens while nobody looks. */
async function overAnOutage(rig: EngineRig, stepId: string) {
  const { store } = rig;
  let isOver = false;
  rig.script = {
    [stepId]: ({ now }) => (isOver ? { outcome: 'done' } : waitUntil(now + 1_000)),
  };
  return rig.drive(store.add(planOf()), () => {
    if (isOver) return;
    isOver = true;
    store.clock.advance(OUTAGE_MS);
  });
}

describe('a step whose deadline has passed while nobody could look', () => {
  it.each(['preflight', 'w1.converge', 'w2.gate'])('and which is done, is done: %s', async (id) => {
    expect(await overAnOutage(new EngineRig(), id)).toMatchObject({ status: 'Succeeded' });
  });

  it('ends with what it still waits for, and is asked once', async () => {
    const rig = new EngineRig();
    const asked: number[] = [];
    rig.script = {
      'w1.converge': ({ now }) => {
        asked.push(now);
        return waitUntil(now + 1_000);
      },
    };
    const run = await rig.drive(rig.store.add(planOf()), () => rig.store.clock.advance(OUTAGE_MS));
    expect(asked).toHaveLength(2);
    expect(run).toMatchObject({
      status: 'RolledBack',
      reason: 'Step w1.converge: not done within 60 s: not yet',
    });
  });

  it('may begin anew, with all its time', async () => {
    const rig = new EngineRig();
    let isAgain = false;
    rig.script = {
      'w1.gate': ({ now }) => {
        if (isAgain) return { outcome: 'done' };
        isAgain = now > OUTAGE_MS;
        return { ...waitUntil(now + 1_000), ...(isAgain ? { restarts: true } : {}) };
      },
    };
    let isOut = false;
    const run = await rig.drive(rig.store.add(planOf()), () => {
      if (isOut) return;
      isOut = true;
      rig.store.clock.advance(OUTAGE_MS);
    });
    expect(run).toMatchObject({ status: 'Succeeded' });
  });

  it('stops for a person as it would have in time', async () => {
    const rig = new EngineRig();
    let isOut = false;
    rig.script = {
      'w1.gate': ({ now, journal }) => {
        if (journal.pausedMs > 0) return { outcome: 'done' };
        if (isOut) return { outcome: 'attention', reason: 'no traffic' };
        return waitUntil(now + 1_000);
      },
    };
    const key = rig.store.add(planOf());
    const run = await rig.drive(key, (present) => {
      if (present.status === 'Paused') rig.store.ask(key, 'resume');
      if (isOut) return;
      isOut = true;
      rig.store.clock.advance(OUTAGE_MS);
    });
    expect(run).toMatchObject({ status: 'Succeeded' });
    const stops = run.entries.filter(({ data }) => data.status === 'Paused');
    expect(stops).toMatchObject([{ data: { reason: 'no traffic' } }]);
  });
});
