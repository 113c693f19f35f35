import { ManualClock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { StrangerBudget } from './stranger-budget.js';

describe('the budget of an address', () => {
  const spend = (budget: StrangerBudget, address: string) => {
    let taken = 0;
    while (budget.take(address) === 0) taken += 1;
    return taken;
  };

  it('is a burst, and so much a second after that', () => {
    const clock = new ManualClock();
    const budget = new StrangerBudget(clock);
    expect(spend(budget, '192.0.2.1')).toBe(limits.strangerRequestsBurst);
    expect(budget.take('192.0.2.1')).toBeCloseTo(1 / limits.strangerRequestsPerSecond);
    expect(budget.take('192.0.2.2')).toBe(0);
    clock.advance(1_000);
    expect(spend(budget, '192.0.2.1')).toBe(limits.strangerRequestsPerSecond);
    clock.advance(60 * 60_000);
    expect(spend(budget, '192.0.2.1')).toBe(limits.strangerRequestsBurst);
  });

  it('is refused for what costs more than is left, and says when there will be enough', () => {
    const budget = new StrangerBudget(new ManualClock());
    expect(budget.take('192.0.2.1', limits.strangerRequestsBurst - 5)).toBe(0);
    expect(budget.take('192.0.2.1', 10)).toBeCloseTo(5 / limits.strangerRequestsPerSecond);
    expect(budget.take('192.0.2.1', 5)).toBe(0);
  });

  it('is forgotten first where nobody has been for longest', () => {
    const budget = new StrangerBudget(new ManualClock());
    spend(budget, 'busy');
    spend(budget, 'away');
    for (let at = 0; at < limits.strangerAddresses - 1; at += 1) {
      budget.take(`198.51.100.${at}`);
      if (at % 1_000 === 0) budget.take('busy');
    }
    expect(budget.take('busy')).toBeGreaterThan(0);
    expect(budget.take('away')).toBe(0);
  });
});
