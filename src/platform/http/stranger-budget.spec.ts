import { ManualClock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { blockOf, StrangerBudget } from './stranger-budget.js';

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

  it('is that of a whole block of IPv6', () => {
    const budget = new StrangerBudget(new ManualClock());
    spend(budget, '2001:db8:1:2::1');
    expect(budget.take('2001:db8:1:2:ffff::7')).toBeGreaterThan(0);
    expect(budget.take('2001:db8:1:3::1')).toBe(0);
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

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::2:3:4:5:6', '1:0:0:2::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ])('of %s is that of %s', (address, block) => {
    expect(blockOf(address)).toBe(block);
  });
});
