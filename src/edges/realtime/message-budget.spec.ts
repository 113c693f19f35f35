import { ManualClock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { MessageBudget } from './message-budget.js';

const takeMany = (budget: MessageBudget, count: number) =>
  Array.from({ length: count }, () => budget.take());

describe('the budget of a socket', () => {
  it('allows a burst, then so many a second', () => {
    const clock = new ManualClock();
    const budget = new MessageBudget(clock);
    expect(new Set(takeMany(budget, limits.socketMessagesBurst))).toEqual(new Set(['taken']));
    expect(budget.take()).toBe('refused');
    clock.advance(1000);
    const next = takeMany(budget, limits.socketMessagesPerSecond + 1);
    expect(next.filter((answer) => answer === 'taken')).toHaveLength(
      limits.socketMessagesPerSecond,
    );
    expect(next.at(-1)).toBe('refused');
  });

  it('never saves up more than a burst', () => {
    const clock = new ManualClock();
    const budget = new MessageBudget(clock);
    clock.advance(3_600_000);
    const taken = takeMany(budget, 2 * limits.socketMessagesBurst);
    expect(taken.filter((answer) => answer === 'taken')).toHaveLength(limits.socketMessagesBurst);
  });

  it('calls it a flood when refusals do not help', () => {
    const budget = new MessageBudget(new ManualClock());
    const answers = takeMany(budget, limits.socketMessagesBurst + 201);
    expect(answers.slice(-2)).toEqual(['refused', 'flood']);
  });

  it('is not deceived by what a flood is allowed in between', () => {
    const clock = new ManualClock();
    const budget = new MessageBudget(clock);
    const answers = Array.from({ length: 600 }, () => {
      clock.advance(10);
      return budget.take();
    });
    expect(answers).toContain('flood');
  });

  it('forgives in time', () => {
    const clock = new ManualClock();
    const budget = new MessageBudget(clock);
    takeMany(budget, limits.socketMessagesBurst + 200);
    clock.advance(20_000);
    expect(takeMany(budget, limits.socketMessagesBurst + 200)).not.toContain('flood');
  });
});
