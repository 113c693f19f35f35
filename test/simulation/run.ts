// `npm run simulate -- --seeds N --from S`: as many lives of a cluster as asked for, one after another.
import { parseArgs } from 'node:util';
import { simulate } from './simulate.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
  },
});
const seeds = whole('seeds', values.seeds);
const from = whole('from', values.from);
const counts = new Map<string, number>();
let crashes = 0;
let virtualMs = 0;
const since = performance.now();

process.stdout.write(`${seeds} seeds from ${from}\n`);
for (let seed = from; seed < from + seeds; seed += 1) {
  const lived = await simulate(seed);
  for (const status of lived.statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  crashes += lived.crashes;
  virtualMs += lived.virtualMs;
}
const ends = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
const hours = (virtualMs / 3_600_000).toFixed(1);
const seconds = ((performance.now() - since) / 1000).toFixed(1);
process.stdout.write(`${ends}; ${crashes} crashes; ${hours} virtual hours in ${seconds} s\n`);

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number, not "${text}"`);
}
