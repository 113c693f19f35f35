/**
 * What the gate `stabilization` does over many simulated rollouts, beside a naive threshold: how
 * often a good release is rolled back, how soon a bad one is stopped. Seeded: the same seeds give the
 * same table on every machine.
 *
 *   npm run bench:gate -- [--rollouts 200] [--from 1] [--setting 0]
 */
import { median } from '../src/deployments/gates/stabilization/statistics.js';
import { naiveRule } from '../test/support/gate-simulation/naive-rule.js';
import { simulateRollout, type RolloutResult } from '../test/support/gate-simulation/rollout.js';
import { stabilizationRule, type Rule } from '../test/support/gate-simulation/rule.js';
import { readOptions } from '../test/support/options.js';
import { wilson } from './gate/interval.js';
import { settings, type NamedRelease, type Setting } from './gate/scenarios.js';

const {
  rollouts: count,
  from,
  setting: only,
} = readOptions('The gate over simulated rollouts, beside a naive threshold.', {
  rollouts: [200, 'simulated of each kind', 1],
  from: [1, 'the first seed'],
  setting: [0, 'of the table, from 1; 0: all of them'],
});

const chosen = only === 0 ? settings : settings.slice(only - 1, only);
if (chosen.length === 0) throw new Error(`--setting ${only}: the table has ${settings.length}.`);
console.log(`${count} rollouts each, seeds ${from} to ${from + count - 1}`);
console.log('shares in percent, with their 95 % interval\n');
for (const setting of chosen) {
  console.log(setting.title);
  row(['release', 'rule', 'stopped', 'in wave 1', 'inconclusive', 'abort s (p95)', 'wave s']);
  for (const release of setting.releases) {
    report(setting, release, 'stabilization', stabilizationRule);
    // Whatever is bad it stops when its time is up and never before: that says nothing.
    if (release.isGood && !setting.withoutNaive) report(setting, release, 'naive', naiveRule);
  }
  console.log('');
}

function report(setting: Setting, { title, release }: NamedRelease, name: string, rule: Rule) {
  const results = Array.from({ length: count }, (_, at) =>
    simulateRollout({ ...setting.rollout, release, seed: from + at }, rule),
  );
  const stopped = results.filter(({ verdict }) => verdict === 'unstable');
  const aborts = stopped.map(({ gateSeconds }) => gateSeconds.at(-1)!).sort((a, b) => a - b);
  row([
    title,
    name,
    percent(stopped),
    percent(stopped.filter(({ wave }) => wave === 1)),
    percent(results.filter(({ verdict }) => verdict === 'inconclusive')),
    aborts.length === 0
      ? '-'
      : `${median(aborts)} (${aborts[Math.ceil(aborts.length * 0.95) - 1]})`,
    String(median(results.flatMap(({ gateSeconds }) => gateSeconds))),
  ]);
}

function percent(hits: readonly RolloutResult[]): string {
  const { low, high } = wilson(hits.length, count);
  const show = (share: number) => (100 * share).toFixed(1);
  return `${show(hits.length / count)} [${show(low)}, ${show(high)}]`;
}

function row([release, ...cells]: readonly string[]): void {
  console.log(`  ${release!.padEnd(30)}${cells.map((cell) => cell.padEnd(20)).join('')}`.trimEnd());
}
