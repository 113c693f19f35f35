import { jest } from '@jest/globals';
import type { JournalEntry } from './journal.js';
import { EngineRig, planOf, waitUntil, type Script } from '../../test/support/engine-rig.js';
import { FakeRunStore, type FakeRun } from '../../test/support/fake-run-store.js';
import { DomainError, TerminalError } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import { Fenced } from './run-store.js';
import type { StepOutcome } from './step-handler.js';

const unstable: StepOutcome = { outcome: 'unstable', reason: 'errors rose', evidence: { p: 1 } };

function failing(error: Error, until = Infinity): Script[string] {
  return ({ attempt }) => {
    if (attempt <= until) throw error;
    return { outcome: 'done' };
  };
}

interface Case {
  readonly name: string;
  readonly script: Script;
  readonly status: string;
  readonly reason?: RegExp | null;
  /** Kinds of the journal's entries that must be there, so many times. */
  readonly counts?: Readonly<Record<string, number>>;
}

const waitsTwice: Script[string] = ({ now, startedAt }) =>
  now - startedAt < 2_000 ? waitUntil(now + 1_000) : { outcome: 'done' };

const pausesOnce: Script[string] = ({ journal }) =>
  journal.pausedMs === 0 ? { outcome: 'attention', reason: 'look at it' } : { outcome: 'done' };

const cases: Case[] = [
  {
    name: 'everything succeeds',
    script: {},
    status: 'Succeeded',
    reason: null,
    counts: { 'step-started': 8, 'step-succeeded': 8, 'status-changed': 1, finished: 1 },
  },
  {
    name: 'a step waits',
    script: { 'w1.converge': waitsTwice },
    status: 'Succeeded',
    counts: { 'step-started': 8, 'step-succeeded': 8 },
  },
  {
    name: 'a step outside a transaction throws twice',
    status: 'Succeeded',
    script: { preflight: failing(new Error('disk is slow'), 2) },
    counts: { 'step-failed': 2, 'step-started': 10 },
  },
  {
    name: 'a step in a transaction throws twice',
    status: 'Succeeded',
    script: { 'w1.move': failing(new Error('deadlock'), 2) },
    counts: { 'step-failed': 2, 'step-started': 10 },
  },
  {
    name: 'a check throws for ever',
    status: 'Failed',
    reason: /gave up after 5 attempts/,
    script: { preflight: failing(new Error('gone')) },
    counts: { 'step-failed': limits.stepAttempts, 'undo-planned': 0 },
  },
  {
    name: 'a check throws TerminalError',
    status: 'Failed',
    reason: /^no bytes$/,
    script: { preflight: failing(new TerminalError('gone', 'no bytes')) },
    counts: { 'step-failed': 1, 'undo-planned': 0 },
  },
  {
    name: 'a move throws TerminalError',
    status: 'RolledBack',
    reason: /^cannot$/,
    script: { 'w2.move': failing(new TerminalError('cannot', 'cannot')) },
    counts: { 'step-failed': 1, 'undo-planned': 1 },
  },
  {
    name: 'a gate is unstable',
    status: 'RolledBack',
    reason: /^errors rose$/,
    script: { 'w1.gate': () => unstable },
    counts: { 'undo-planned': 1, 'step-failed': 1 },
  },
  {
    name: 'the way back fails, too',
    status: 'RollbackFailed',
    reason: /^stuck$/,
    script: {
      'w1.gate': () => unstable,
      'u1.converge': () => ({ outcome: 'unstable', reason: 'stuck' }),
    },
  },
  {
    name: 'a step is never done',
    status: 'RolledBack',
    reason: /^Step w1.converge: not done within 60 s: not yet$/,
    script: { 'w1.converge': ({ now }) => waitUntil(now + 7_000) },
    counts: { 'step-failed': 1 },
  },
  {
    name: 'a plan is made anew when the slot is taken',
    status: 'Succeeded',
    script: {
      slot: () => ({
        outcome: 'done',
        status: 'Running',
        replan: { plan: planOf(1), factsText: '{}' },
      }),
    },
    // The first step was passed under the old plan and is not asked again.
    counts: { replanned: 1, 'step-started': 5 },
  },
];

function countsOf(kinds: readonly string[], wanted: Case['counts'] = {}) {
  return Object.fromEntries(
    Object.keys(wanted).map((kind) => [kind, kinds.filter((each) => each === kind).length]),
  );
}

describe('the interpreter', () => {
  it.each(cases)('when $name', async ({ script, status, reason, counts = {} }) => {
    const rig = new EngineRig();
    rig.script = script;
    const run = await rig.drive(rig.store.add(planOf()));
    expect(run.status).toBe(status);
    if (reason === null) expect(run.reason).toBeNull();
    else if (reason) expect(run.reason).toMatch(reason);
    const kinds = run.entries.map(({ kind }) => kind);
    expect(countsOf(kinds, counts)).toEqual(counts);
    expect(rig.finished).toEqual([status]);
    expect(run).toMatchObject({ wakeAt: null, owner: null });
  });

  it('starts a step in the journal before it does anything outside the database', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    rig.script = {
      preflight: () => {
        expect(rig.store.run(key).entries.at(-1)).toMatchObject({ kind: 'step-started' });
        return { outcome: 'done' };
      },
    };
    expect((await rig.drive(key)).status).toBe('Succeeded');
    expect.assertions(2);
  });

  it('keeps nothing of what a failed step in a transaction had done', async () => {
    const rig = new EngineRig();
    rig.script = { 'w1.move': failing(new Error('half-way'), 3) };
    await rig.drive(rig.store.add(planOf()));
    expect(rig.store.effects.filter((effect) => effect === '1:w1.move')).toHaveLength(1);
  });

  it('blames the first step of a turn for what only its commit refuses', async () => {
    const rig = new EngineRig();
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = (lease, options, work) =>
      commit(lease, options, async (tx) => {
        const result = await work(tx);
        const { draft } = tx as unknown as { draft: FakeRun };
        const isMoved = ({ stepId, kind }: JournalEntry) =>
          stepId === 'w1.move' && kind === 'step-succeeded';
        if (draft.entries.some(isMoved)) throw new Error('the entry is too large');
        return result;
      });
    const run = await rig.drive(rig.store.add(planOf()));
    expect(run).toMatchObject({
      status: 'RolledBack',
      reason: expect.stringMatching(/gave up .* too large/) as string,
    });
    expect(run.entries.filter(({ kind }) => kind === 'step-failed')).toHaveLength(
      limits.stepAttempts,
    );
  });

  it('waits longer after each failure', async () => {
    const rig = new EngineRig();
    rig.script = { preflight: failing(new Error('no')) };
    const { entries } = await rig.drive(rig.store.add(planOf()));
    const failures = entries.filter(({ kind }) => kind === 'step-failed').map(({ at }) => at);
    const gaps = failures.slice(1).map((at, index) => at - failures[index]!);
    expect(gaps).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('pauses when a person has to look, and goes on when told so', async () => {
    const rig = new EngineRig();
    rig.script = { 'w1.gate': pausesOnce };
    const key = rig.store.add(planOf());
    let waitingOn;
    const run = await rig.drive(key, ({ status, waitingOn: on }) => {
      if (status !== 'Paused') return;
      waitingOn = on;
      rig.store.ask(key, 'resume');
    });
    expect(waitingOn).toMatchObject({ kind: 'attention', verb: 'resume', detail: 'look at it' });
    expect(run.status).toBe('Succeeded');
  });

  it('gives a watch that begins anew after a pause its whole time again', async () => {
    const rig = new EngineRig();
    // Inconclusive after 50 of 60 s; watched again after the pause, that takes 50 s again.
    const watch: Script[string] = ({ now, startedAt, journal }) => {
      if (journal.pausedMs > 0) {
        const restarted = rig.store.run(key).entries.at(-1)?.data.restarted === true;
        if (restarted && now - startedAt >= 50_000) return { outcome: 'done' };
        return { ...waitUntil(now + 10_000), ...(restarted ? {} : { restarts: true }) };
      }
      if (now - startedAt < 50_000) return waitUntil(now + 10_000);
      return { outcome: 'attention', reason: 'inconclusive' };
    };
    rig.script = { 'w1.gate': watch };
    const key = rig.store.add(planOf(1));
    const run = await rig.drive(key, ({ status }) => {
      if (status === 'Paused') rig.store.ask(key, 'resume');
    });
    expect(run).toMatchObject({ status: 'Succeeded', reason: null });
  });

  it('journals what a person should know of a wait, and polls no other trace', async () => {
    const rig = new EngineRig();
    rig.script = {
      'w1.gate': ({ now, startedAt }) =>
        now > startedAt
          ? { outcome: 'done' }
          : { ...waitUntil(now + 5_000), note: { leftOut: ['n1'] } } as StepOutcome, // prettier-ignore
    };
    const run = await rig.drive(rig.store.add(planOf(1)));
    const notes = run.entries.filter(({ kind }) => kind === 'step-note');
    expect(notes).toMatchObject([{ stepId: 'w1.gate', data: { leftOut: ['n1'] } }]);
  });

  it('can write down whatever an error says', async () => {
    const rig = new EngineRig();
    const text = `bad \u0000 byte, half a smiley \ud83d${'x'.repeat(100_000)}`;
    rig.script = { preflight: failing(new TerminalError('bad', text)) };
    const run = await rig.drive(rig.store.add(planOf()));
    const failed = run.entries.find(({ kind }) => kind === 'step-failed');
    const message = String(failed?.data.message);
    expect(message).toMatch(/^bad \ufffd byte, half a smiley \ufffdx/);
    expect(message.isWellFormed()).toBe(true);
    expect(message.length).toBeLessThan(limits.journalDataBytes / 4);
  });
});

describe('a run that is taken after its end', () => {
  it('is laid to rest without a second end', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    const run = await rig.drive(key);
    const { length } = run.entries;
    run.wakeAt = 0;
    const [lease] = await rig.store.claimDue('one', 4_000, 1);
    await rig.interpreter.act(lease!, { abort: new AbortController().signal });
    expect(run).toMatchObject({ status: 'Succeeded', wakeAt: null, owner: null });
    expect(run.entries).toHaveLength(length);
    expect(rig.finished).toEqual(['Succeeded']);
  });
});

describe('a journal without room', () => {
  it('ends a watch that begins anew for ever with the way back', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf(1));
    rig.script = { 'w1.gate': ({ now }) => ({ ...waitUntil(now + 1_000), restarts: true }) };
    const run = await rig.drive(key, ({ status, entries }) => {
      const room = limits.journalEntries - limits.journalReserve - entries.length;
      if (status === 'Running' && room > 3) entries.push(...manyNotes(entries.length, room - 3));
    });
    expect(run).toMatchObject({
      status: 'RolledBack',
      reason: expect.stringMatching(/journal is full/) as string,
    });
    expect(run.entries.length).toBeLessThan(limits.journalEntries);
  });
});

function manyNotes(seq: number, count: number): JournalEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: seq + index + 1,
    at: 0,
    planNumber: 1,
    stepId: 'w1.gate',
    attempt: 1,
    kind: 'step-note',
    actor: 'test',
    data: {},
  }));
}

describe('a step that needs more time than an action has', () => {
  it('gets what is left of its own deadline, and gives it back', async () => {
    const rig = new EngineRig(undefined, { budget: 'step' });
    const key = rig.store.add(planOf());
    const extend = jest.fn();
    rig.script = {
      preflight: ({ attempt }) => {
        expect(extend).toHaveBeenCalledTimes(2 * attempt - 1);
        if (attempt === 1) throw new Error('slow disk');
        return { outcome: 'done' };
      },
    };
    const { signal: abort } = new AbortController();
    const act = async () => {
      const [lease] = await rig.store.claimDue('one', 4_000, 1);
      await rig.interpreter.act(lease!, { abort, extend });
    };
    await act();
    rig.store.clock.advance(20_000);
    await act();
    expect(rig.store.run(key).status).toBe('Succeeded');
    expect(extend.mock.calls).toEqual([[60_000], [20_000], [40_000], [20_000]]);
  });
});

describe('a store outside that does not answer', () => {
  it('is waited for, as long as the step may take, and costs no attempt', async () => {
    const rig = new EngineRig();
    rig.script = {
      preflight: failing(new DomainError('unavailable', 'artifact-store-away', 'No answer.')),
    };
    const key = rig.store.add(planOf());
    let waitingOn;
    const run = await rig.drive(key, ({ waitingOn: on }) => (waitingOn ??= on));
    expect(waitingOn).toMatchObject({ kind: 'retry', detail: 'No answer. It is asked again.' });
    expect(run).toMatchObject({
      status: 'Failed',
      reason: expect.stringMatching(/within 60 s: No answer/) as string,
    });
    const failures = run.entries.filter(({ kind }) => kind === 'step-failed');
    expect(failures).toMatchObject([{ attempt: 1, data: { code: 'deadline-passed' } }]);
  });
});

describe('a crash of the process', () => {
  const scripts: [string, Script][] = [
    ['all goes well', {}],
    ['a step waits', { 'w1.converge': waitsTwice }],
    ['steps are tried again', { preflight: failing(new Error('no'), 2), 'w1.move': failing(new Error('no'), 1) }], // prettier-ignore
    ['a gate is unstable', { 'w2.gate': () => unstable }],
    ['the plan is made anew', cases.at(-1)!.script],
  ];

  it.each(scripts)('at any write changes neither the end nor any effect: %s', async (_, script) => {
    const plain = new EngineRig();
    plain.script = script;
    const end = await plain.drive(plain.store.add(planOf()));
    expect(plain.store.writes).toBeGreaterThanOrEqual(4);
    for (let write = 1; write <= plain.store.writes; write += 1) {
      for (const when of ['before', 'after'] as const) {
        const rig = new EngineRig();
        rig.script = script;
        rig.store.crashAt = { write, when };
        const run = await rig.driveOverCrash(rig.store.add(planOf()));
        expect({ write, when, status: run.status }).toEqual({ write, when, status: end.status });
        // Polls may be repeated; what a step did may not.
        const isDone = (effect: string) => !effect.startsWith('wait') && !isPolled(effect, script);
        expect(rig.store.effects.filter(isDone)).toEqual(plain.store.effects.filter(isDone));
        expect(rig.outside.length).toBeLessThanOrEqual(plain.outside.length + 1);
      }
    }
  });

  it('between taking a lease and the next one is fenced off', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    const [old] = await rig.store.claimDue('one', 4_000, 1);
    rig.store.clock.advance(4_001);
    const [present] = await rig.store.claimDue('two', 4_000, 1);
    const { signal: abort } = new AbortController();
    await expect(rig.interpreter.act(old!, { abort })).rejects.toThrow(Fenced);
    await rig.interpreter.act(present!, { abort });
    expect(rig.store.run(key).status).toBe('Succeeded');
  });

  it.each([
    [1, 'with', true],
    [2, 'without', false],
  ])(
    'that was only a long stop: a move is done %i time(s) %s the fence',
    async (times, _, fencing) => {
      const rig = new EngineRig(new FakeRunStore(undefined, { fencing }));
      const { store, interpreter } = rig;
      const key = store.add(planOf());
      const budget = { abort: new AbortController().signal };
      const commit = store.commit.bind(store);
      // The first worker stands still between deciding and writing what follows from it.
      let goOn: () => void = () => undefined;
      const standing = new Promise<void>((resolve) => (goOn = resolve));
      let isStanding: () => void = () => undefined;
      const stood = new Promise<void>((resolve) => (isStanding = resolve));
      store.commit = async (lease, options, work) => {
        if (lease.fence === 1 && store.run(key).status === 'Running') {
          isStanding();
          await standing;
        }
        return commit(lease, options, work);
      };
      const [old] = await store.claimDue('one', 4_000, 1);
      const late = interpreter.act(old!, budget).catch((error: unknown) => error);
      await stood;
      store.clock.advance(4_001);
      const [present] = await store.claimDue('two', 4_000, 1);
      await interpreter.act(present!, budget);
      goOn();
      expect((await late) instanceof Fenced).toBe(fencing);
      expect(store.effects.filter((effect) => effect === '1:w1.move')).toHaveLength(times);
    },
  );
});

/** A step that waits runs its handler at each poll. */
function isPolled(effect: string, script: Script): boolean {
  return script['w1.converge'] === waitsTwice && effect === '1:w1.converge';
}

describe('an action that lost its lease', () => {
  it('stops at the next boundary', async () => {
    const rig = new EngineRig();
    const key = rig.store.add(planOf());
    const abort = new AbortController();
    rig.script = {
      'w1.move': () => {
        abort.abort(new Error('the lease ran out'));
        return { outcome: 'done' };
      },
    };
    const [lease] = await rig.store.claimDue('one', 4_000, 1);
    const acting = rig.interpreter.act(lease!, { abort: abort.signal });
    await expect(acting).rejects.toThrow('the lease ran out');
    expect(rig.store.run(key).entries.at(-1)).toMatchObject({ stepId: 'w1.move' });
  });
});
