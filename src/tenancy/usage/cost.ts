/** What usage costs by a table of prices. Pure. */
import type { PriceTable } from './usage.settings.js';

export interface Charged {
  readonly deployments: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly storedBytes: number;
}

export interface CostLine {
  readonly of: 'deployments' | 'requests' | 'sentBytes' | 'storedBytes';
  readonly quantity: number;
  /** For `per` of them. */
  readonly price: number;
  readonly per: number;
  readonly amount: number;
}

export interface Cost {
  readonly currency: string;
  readonly lines: readonly CostLine[];
  readonly total: number;
}

const GIGABYTE = 1_000_000_000;
/** Of a unit of money: finer than any currency, so that many small sums do not vanish. */
const DECIMALS = 4;

export function costOf(used: Charged, prices: PriceTable): Cost {
  const line = (of: CostLine['of'], price: number, per: number): CostLine => {
    return { of, quantity: used[of], price, per, amount: rounded((used[of] / per) * price) };
  };
  const lines = [
    line('deployments', prices.deployment, 1),
    line('requests', prices.thousandRequests, 1_000),
    line('sentBytes', prices.gigabyteSent, GIGABYTE),
    line('storedBytes', prices.gigabyteStored, GIGABYTE),
  ];
  const total = rounded(lines.reduce((sum, { amount }) => sum + amount, 0));
  return { currency: prices.currency, lines, total };
}

function rounded(amount: number): number {
  return Number(amount.toFixed(DECIMALS));
}
