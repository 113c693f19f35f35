// `npm run simulate -- --seeds N --from S`: as many lives of a cluster as asked for, one after another.
import { readOptions } from '../support/options.js';
import { simulate } from './simulate.js';

const { seeds, from } = readOptions('Lives of a simulated cluster, each by a seed of its own.', {
  seeds: [1_000, 'how many', 1],
  from: [1, 'the first one'],
});
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
