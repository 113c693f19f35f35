import { limits } from '../../kernel/limits.js';
import { Turnstile } from './turnstile.js';

describe('a turnstile', () => {
  it('lets so many through in a turn of the event loop, in the order they came', async () => {
    const turnstile = new Turnstile();
    const passed: number[] = [];
    for (let at = 0; at < limits.strangersPerTurn * 2 + 1; at += 1) {
      void turnstile.pass()!.then(() => passed.push(at));
    }
    const perTurn: number[] = [];
    while (passed.length <= limits.strangersPerTurn * 2) {
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(passed.length);
    }
    expect(Math.max(...perTurn.map((count, at) => count - (perTurn[at - 1] ?? 0)))).toBe(
      limits.strangersPerTurn,
    );
    expect(passed).toEqual(passed.map((_, at) => at));
  });

  it('sends away whom it could only let wait for long', async () => {
    const turnstile = new Turnstile();
    const waiting = Array.from({ length: limits.strangersWaiting }, () => turnstile.pass()!);
    expect(turnstile.pass()).toBeNull();
    await Promise.all(waiting);
    expect(turnstile.pass()).not.toBeNull();
  });
});
