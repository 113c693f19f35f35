import fc from 'fast-check';
import {
  allDone,
  began,
  done,
  failed,
  inputOf,
  status,
  undoPlan,
  type Line,
} from '../../test/support/decide-input.js';
import { planOf } from '../../test/support/engine-rig.js';
import { limits } from '../kernel/limits.js';
import { decide, hasMoved, retryDelayMs } from './decide.js';
import type { LoadedRun } from './run.js';
import type { AskedVerb, RunStatus } from './run.js';

const DEADLINE_MS = 60_000;
const pause: AskedVerb = {
  number: 1,
  verb: 'pause',
  params: {},
  actor: 'olga',
  reason: null,
};
const opening = [done('preflight'), done('slot')];
const rolling: Partial<LoadedRun> = {
  status: 'RollingBack',
  ending: 'RolledBack',
  reason: 'errors rose',
  undo: undoPlan,
};
const undoing: Line[] = [...opening, began('w1.move'), { kind: 'undo-planned', plan: 2 }];

describe('verbs', () => {
  it.each<RunStatus>(['Pending', 'Running', 'Paused', 'RollingBack'])(
    'come before anything else while %s, oldest first',
    (present) => {
      const verbs = [pause, { ...pause, number: 2, verb: 'cancel' as const }];
      const failedForGood = [failed('preflight', 0, 1, { terminal: true })];
      expect(decide(inputOf(failedForGood, { status: present, verbs }))).toEqual({
        do: 'apply',
        verb: pause,
      });
    },
  );
});

describe('a run that is over', () => {
  it.each<RunStatus>([
    ...(['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'] as const),
  ])('is only laid to rest, whatever is asked of it: %s', (present) => {
    const input = inputOf(allDone, { status: present, undo: undoPlan, verbs: [pause] });
    expect(decide(input)).toEqual({ do: 'rest' });
  });
});

describe('a journal that is full', () => {
  const withLength = (input: LoadedRun, lastSeq: number): LoadedRun => ({
    ...input,
    journal: { ...input.journal, lastSeq },
  });
  const fromHere = limits.journalEntries - limits.journalReserve;
  const moved = [...opening, done('w1.move')];

  it.each<RunStatus>(['Running', 'Paused'])(
    'is taken for a reason to go back as long as there is room for it, while %s',
    (present) => {
      const input = inputOf(moved, { status: present });
      expect(decide(withLength(input, fromHere - 1))).not.toMatchObject({ do: 'undo' });
      expect(decide(withLength(input, fromHere))).toMatchObject({
        do: 'undo',
        ending: 'RolledBack',
        reason: expect.stringContaining('full') as string,
      });
    },
  );

  it('ends what has not moved anything', () => {
    expect(decide(withLength(inputOf(opening), fromHere))).toMatchObject({
      do: 'finish',
      status: 'Failed',
    });
  });

  it('does not end the way back before its last entries', () => {
    const last = limits.journalEntries - limits.journalLastWords;
    const input = inputOf(undoing, rolling);
    expect(decide(withLength(input, last - 1))).toMatchObject({ do: 'run' });
    expect(decide(withLength(input, last))).toMatchObject({
      do: 'finish',
      status: 'RollbackFailed',
    });
  });
});

describe('the way forward', () => {
  it('runs the first step that has not succeeded', () => {
    expect(decide(inputOf([]))).toMatchObject({ do: 'run', step: { id: 'preflight' }, attempt: 1 });
    expect(decide(inputOf(opening))).toMatchObject({ do: 'run', step: { id: 'w1.move' } });
  });

  it('runs a step that was begun and not ended again, as the same attempt', () => {
    expect(decide(inputOf([began('preflight', 0, 3)]))).toMatchObject({
      do: 'run',
      step: { id: 'preflight' },
      attempt: 3,
    });
  });

  it('is a success when nothing is left', () => {
    expect(decide(inputOf(allDone))).toEqual({ do: 'finish', status: 'Succeeded', reason: null });
  });

  it('asks nothing of steps that only an older plan knows', () => {
    const replanned: Line[] = [done('preflight'), done('slot'), { kind: 'replanned', plan: 2 }];
    expect(decide(inputOf(replanned))).toMatchObject({ do: 'run', step: { id: 'w1.move' } });
  });
});

describe('a failed step', () => {
  it.each([1, 2, 3, 4])('waits after attempt %i, then is tried again', (attempt) => {
    const lines = [began('preflight', 0, attempt), failed('preflight', 500, attempt)];
    const until = 500 + retryDelayMs(attempt);
    expect(decide(inputOf(lines, { now: until - 1 }))).toMatchObject({
      do: 'wait',
      until,
      waitingOn: { kind: 'retry', since: 500, until, verb: null },
    });
    const again = decide(inputOf(lines, { now: until }));
    expect(again).toMatchObject({ do: 'run', attempt: attempt + 1 });
  });

  it('waits 1, 2, 4, 8 s and never longer than 30', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map(retryDelayMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  it('is given up after five attempts', () => {
    const lines = [failed('preflight', 0, limits.stepAttempts)];
    expect(decide(inputOf(lines, { now: 1 }))).toEqual({
      do: 'finish',
      status: 'Failed',
      reason: 'Step preflight: gave up after 5 attempts: no luck',
    });
  });

  it('that says "never" is not tried again', () => {
    const lines = [failed('preflight', 0, 1, { terminal: true, message: 'unsigned' })];
    expect(decide(inputOf(lines))).toEqual({ do: 'finish', status: 'Failed', reason: 'unsigned' });
  });

  it('ends it also when the failure has nothing to say', () => {
    const why = { terminal: true, message: '' };
    expect(decide(inputOf([failed('preflight', 0, 1, why)], { now: 60_000 }))).toMatchObject({
      do: 'finish',
      status: 'Failed',
      reason: 'no reason given',
    });
    const undo = inputOf([...undoing, { ...failed('u1.move', 0, 1, why), plan: 2 }], rolling);
    expect(decide(undo)).toMatchObject({ do: 'finish', status: 'RollbackFailed' });
  });

  it('ends as Failed before any move, and with the way back after one', () => {
    const lines = [...opening, failed('w1.move', 0, 1, { terminal: true })];
    expect(decide(inputOf(lines))).toEqual({
      do: 'undo',
      ending: 'RolledBack',
      reason: 'no luck',
    });
  });
});

describe('whose doing it was', () => {
  const movedOnce = [...opening, done('w1.move')];

  it('is the release’s own only where a step has seen it in the release', () => {
    const cause = { terminal: true, cause: 'release' };
    expect(decide(inputOf([...movedOnce, failed('w1.converge', 0, 1, cause)]))).toEqual({
      do: 'undo',
      ending: 'RolledBack',
      reason: 'no luck',
      cause: 'release',
    });
    for (const data of [{ terminal: true }, { terminal: true, cause: 'surroundings' }]) {
      const lines = [...movedOnce, failed('w1.converge', 0, 1, data)];
      expect(decide(inputOf(lines))).toEqual({
        do: 'undo',
        ending: 'RolledBack',
        reason: 'no luck',
      });
    }
  });

  it('is not the release’s when its time, or all attempts, are used up by something else', () => {
    const last = failed('w1.converge', 0, limits.stepAttempts);
    expect(decide(inputOf([...movedOnce, last]))).not.toHaveProperty('cause');
  });
});

describe('a deadline', () => {
  const begunAt = [began('preflight', 1_000)];

  it('is a budget from the start of the step', () => {
    const inTime = decide(inputOf(begunAt, { now: 1_000 + DEADLINE_MS - 1 }));
    expect(inTime).toMatchObject({ do: 'run' });
    expect(inTime).not.toHaveProperty('overdue');
    expect(decide(inputOf(begunAt, { now: 1_000 + DEADLINE_MS }))).toMatchObject({
      do: 'run',
      attempt: 1,
      overdue: 'Step preflight: not done within 60 s',
    });
  });

  it('leaves no time for another attempt', () => {
    const lines = [...begunAt, failed('preflight', 2_000, 1)];
    expect(decide(inputOf(lines, { now: 1_000 + DEADLINE_MS }))).toEqual({
      do: 'finish',
      status: 'Failed',
      reason: 'Step preflight: not done within 60 s (no luck)',
    });
  });

  it('does not begin anew with another attempt, and says what went wrong last', () => {
    const lines = [began('preflight', 0), failed('preflight', 5, 1), began('preflight', 6, 2)];
    const failure = [...lines, failed('preflight', 59_999, 2)];
    expect(decide(inputOf(failure, { now: DEADLINE_MS }))).toMatchObject({
      reason: 'Step preflight: not done within 60 s (no luck)',
    });
  });

  it('does not run while the deployment is paused', () => {
    const paused = [...begunAt, status('Paused', 11_000), status('Running', 500_000)];
    const left = DEADLINE_MS - 10_000;
    const at = (now: number) => decide(inputOf(paused, { now }));
    expect(at(500_000 + left - 1)).not.toHaveProperty('overdue');
    expect(at(500_000 + left)).toHaveProperty('overdue');
  });

  it('has nothing to do with pauses before the step began', () => {
    const paused = [status('Paused', 0), status('Running', 400_000), began('preflight', 400_000)];
    const at = (now: number) => decide(inputOf(paused, { now }));
    expect(at(400_000 + DEADLINE_MS - 1)).not.toHaveProperty('overdue');
    expect(at(400_000 + DEADLINE_MS)).toHaveProperty('overdue');
  });

  describe('of a gate', () => {
    const open = [...opening, done('w1.move'), done('w1.converge'), began('w1.gate', 1_000)];
    const progress = { stepId: 'w1.gate', verdict: 'waiting', reason: 'not yet' } as const;
    const at = (now: number, gate: LoadedRun['gate']) => decide(inputOf(open, { now, gate }));

    it('counts what it has watched, not what a clock says', () => {
      const watchedMs = DEADLINE_MS - 1;
      expect(at(3_600_000, { ...progress, watchedMs })).not.toHaveProperty('overdue');
      expect(at(2_000, { ...progress, watchedMs: DEADLINE_MS })).toHaveProperty('overdue');
    });

    it('is counted by the clock before anything was watched, and for any other step', () => {
      expect(at(3_600_000, null)).toHaveProperty('overdue');
      const other = { ...progress, stepId: 'w0.gate', watchedMs: 0 };
      expect(at(3_600_000, other)).toHaveProperty('overdue');
    });
  });

  it('begins anew with a step that begins anew', () => {
    const again: Line = { ...began('preflight', 50_000), data: { restarted: true } };
    const action = decide(inputOf([...begunAt, again], { now: 50_000 + DEADLINE_MS - 1 }));
    expect(action).toMatchObject({ do: 'run', attempt: 1 });
    expect(action).not.toHaveProperty('overdue');
  });
});

describe('a paused run', () => {
  const since = 1_000;
  const paused = (now: number, reason: string | null = null) =>
    decide(inputOf([status('Paused', since)], { status: 'Paused', now, reason }));

  it('waits for somebody to resume it', () => {
    expect(paused(2_000)).toMatchObject({
      do: 'wait',
      until: since + limits.pauseMs,
      waitingOn: { kind: 'paused', since, until: since + limits.pauseMs, verb: 'resume' },
    });
  });

  it('says what a person has to look at', () => {
    expect(paused(2_000, 'inconclusive: no traffic')).toMatchObject({
      waitingOn: { kind: 'attention', detail: 'inconclusive: no traffic', verb: 'resume' },
    });
  });

  it('goes back after 24 hours', () => {
    expect(paused(since + limits.pauseMs - 1)).toMatchObject({ do: 'wait' });
    expect(paused(since + limits.pauseMs)).toEqual({
      do: 'undo',
      ending: 'Cancelled',
      reason: 'paused for longer than 24 hours',
    });
  });
});

describe('the way back', () => {
  it('runs the steps of the second plan', () => {
    expect(decide(inputOf(undoing, rolling))).toMatchObject({ do: 'run', step: { id: 'u1.move' } });
  });

  it.each(['RolledBack', 'Cancelled'] as const)('ends in %s, with the reason it began for', (e) => {
    const lines = [...undoing, done('u1.move', 0, 2), done('u1.converge', 0, 2)];
    expect(decide(inputOf(lines, { ...rolling, ending: e }))).toEqual({
      do: 'finish',
      status: e,
      reason: 'errors rose',
    });
  });

  it('that fails for good is RollbackFailed', () => {
    const stuck: Line = { ...failed('u1.move', 0, 5), plan: 2 };
    expect(decide(inputOf([...undoing, stuck], rolling))).toMatchObject({
      do: 'finish',
      status: 'RollbackFailed',
    });
  });

  it('is tried again like any step', () => {
    const once: Line = { ...failed('u1.move', 0, 1), plan: 2 };
    expect(decide(inputOf([...undoing, once], rolling))).toMatchObject({ do: 'wait' });
  });

  it('ends with what the way back had to say', () => {
    const said = (step: string, message: string): Line => ({
      kind: 'step-succeeded',
      step,
      plan: 2,
      data: { message },
    });
    const back = [...undoing, done('u1.move', 0, 2), said('u1.converge', 'down as before: node-1')];
    expect(decide(inputOf(back, rolling))).toEqual({
      do: 'finish',
      status: 'RolledBack',
      reason: 'errors rose; down as before: node-1',
    });
    expect(decide(inputOf(back, { ...rolling, reason: null }))).toMatchObject({
      reason: 'down as before: node-1',
    });
  });

  it('with nothing to take back is over at once', () => {
    const nothing = { ...rolling, undo: { role: 'undo' as const, steps: [] } };
    expect(decide(inputOf(undoing, nothing))).toMatchObject({ do: 'finish', status: 'RolledBack' });
    expect(decide(inputOf([], { ...rolling, undo: null }))).toMatchObject({ do: 'finish' });
  });
});

describe('whether anything has moved', () => {
  it('counts from the start of a move, done or not', () => {
    const moved = (lines: Line[]) => hasMoved(planOf(1), inputOf(lines).journal);
    expect(moved(opening)).toBe(false);
    expect(moved([...opening, began('w1.move')])).toBe(true);
  });
});

describe('any input', () => {
  const steps = planOf(2).steps.map(({ id }) => id);
  const line: fc.Arbitrary<Line> = fc.record({
    kind: fc.constantFrom('step-started', 'step-succeeded', 'step-failed', 'status-changed'),
    at: fc.nat(200_000),
    plan: fc.constantFrom(1, 2),
    step: fc.constantFrom(...steps),
    attempt: fc.integer({ min: 1, max: 5 }),
    data: fc.record({
      terminal: fc.boolean(),
      status: fc.constantFrom('Paused', 'Running'),
      message: fc.string(),
    }),
  });
  const input = fc
    .record({
      lines: fc.array(line, { maxLength: 30 }),
      status: fc.constantFrom<RunStatus>('Pending', 'Running', 'Paused', 'RollingBack'),
      now: fc.nat(400_000),
      verbs: fc.array(fc.constant(pause), { maxLength: 2 }),
    })
    .map(({ lines, ...change }) =>
      inputOf(lines, { ...change, forward: planOf(2), undo: undoPlan, ending: 'RolledBack' }),
    );

  it('gives the same action again, and is left as it was', () => {
    fc.assert(
      fc.property(input, (made) => {
        const before = structuredClone(made);
        const action = decide(made);
        expect(decide(structuredClone(made))).toEqual(action);
        expect(made).toEqual(before);
      }),
    );
  });

  it('never waits for a time that has passed and never makes a sixth attempt', () => {
    fc.assert(
      fc.property(input, (made) => {
        const action = decide(made);
        if (action.do === 'wait') expect(action.until).toBeGreaterThan(made.now);
        if (action.do === 'run') expect(action.attempt).toBeLessThanOrEqual(limits.stepAttempts);
        if (action.do === 'finish') expect(action.status).not.toBe(made.status);
      }),
    );
  });
});
