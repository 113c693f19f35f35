import { costOf } from './cost.js';

const prices = {
  currency: 'EUR',
  deployment: 0.05,
  thousandRequests: 0.01,
  gigabyteSent: 0.08,
  gigabyteStored: 0.1,
};

it('is a line for each price, and their sum', () => {
  const used = {
    deployments: 3,
    requests: 12_500,
    sentBytes: 2_500_000_000,
    storedBytes: 1_000_000_000,
  };
  const cost = costOf(used, prices);
  expect(cost.lines.map(({ of, amount }) => [of, amount])).toEqual([
    ['deployments', 0.15],
    ['requests', 0.125],
    ['sentBytes', 0.2],
    ['storedBytes', 0.1],
  ]);
  expect(cost).toMatchObject({ currency: 'EUR', total: 0.575 });
});

it('is nothing for nothing', () => {
  const used = { deployments: 0, requests: 0, sentBytes: 0, storedBytes: 0 };
  expect(costOf(used, prices).total).toBe(0);
});
