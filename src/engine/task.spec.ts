import { TerminalError } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import { afterFailure, decideTask, type TaskState } from './task.js';

const steps = ['a', 'b', 'c'];
const state = (change: Partial<TaskState> = {}): TaskState => ({
  steps,
  reached: 0,
  done: 0,
  isGoingBack: false,
  failures: 0,
  ...change,
});

describe('a task', () => {
  it('goes through its steps in order, and is over after the last', () => {
    const done = [0, 1, 2, 3].map((count) => decideTask(state({ done: count, reached: count })));
    expect(done).toEqual([
      { do: 'run', step: 'a', reached: 1 },
      { do: 'run', step: 'b', reached: 2 },
      { do: 'run', step: 'c', reached: 3 },
      { do: 'finish', outcome: 'succeeded' },
    ]);
  });

  it('repeats a step that was begun and whose end nobody has written down', () => {
    expect(decideTask(state({ reached: 2, done: 1 }))).toEqual({
      do: 'run',
      step: 'b',
      reached: 2,
    });
  });

  it('takes back from the last that was begun, also when it did not succeed', () => {
    const back = [2, 1, 0].map((reached) =>
      decideTask(state({ reached, done: 1, isGoingBack: true })),
    );
    expect(back).toEqual([
      { do: 'undo', step: 'b' },
      { do: 'undo', step: 'a' },
      { do: 'finish', outcome: 'undone' },
    ]);
  });
});

describe('a step that fails', () => {
  const error = new Error('no');

  it('is tried again, later each time, and then the task goes back', () => {
    let now = { failures: 0, isGoingBack: false };
    const delays: number[] = [];
    while (!now.isGoingBack) {
      const next = afterFailure(now, error, true);
      delays.push(next.delayMs);
      now = next;
    }
    expect(delays).toHaveLength(limits.stepAttempts);
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 0]);
    expect(now.failures).toBe(0);
  });

  it('is not tried again when it says that it never will succeed', () => {
    const never = new TerminalError('taken', 'somebody else has it');
    expect(afterFailure(state(), never, true).isGoingBack).toBe(true);
  });

  it('is tried for ever on the way back, and where there is none', () => {
    const often = { failures: 1_000, isGoingBack: false };
    const onward = { failures: 1_001, isGoingBack: false, delayMs: 30_000 };
    expect(afterFailure(often, error, false)).toEqual(onward);
    expect(afterFailure({ ...often, isGoingBack: true }, error, true)).toEqual({
      ...onward,
      isGoingBack: true,
    });
  });
});
