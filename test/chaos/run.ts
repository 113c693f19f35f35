/** `npm run chaos -- --seconds 60 --seed 7`: exits with 1 and says how to see it again when something broke. */
import { readOptions } from '../support/options.js';
import { chaos } from './chaos.js';
import { faultKinds } from './faults.js';

const listed = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
const say = (line: string) => process.stdout.write(`${line}\n`);

const options = readOptions(
  'Real processes, random faults; then what was promised and done is compared.',
  {
    seconds: [60, 'of faults'],
    seed: [Date.now() % 1_000_000, 'of the faults and the load; without, another one each time'],
    limits: [0, '1: with quotas and rate limits that refuse'],
    people: [0, '1: with approvals, freezes and the kill switch'],
  },
);
say(`chaos: seed ${options.seed}, ${options.seconds} s, 2 APIs, 3 workers, 8 agents`);
const report = await chaos(options);
const { load, faults, violations } = report;
const total = [...faults.values()].reduce((sum, count) => sum + count, 0);
say(`${total} faults, by kind:`);
for (const { name } of faultKinds) say(`  ${String(faults.get(name) ?? 0).padStart(3)} ${name}`);
say(
  `${load.acknowledged.size} deployments acknowledged, ${load.retries} requests repeated, ` +
    `${load.unanswered} never answered, refused: ${listed(load.refused)}; ` +
    `${load.verbs} verbs, ${load.returns} rollbacks and retries`,
);
if (report.people) {
  const { decided, turns, freezes } = report.people;
  say(`${decided.size} decisions, ${turns} turns of the kill switch, ${freezes} freezes`);
}
say(`${report.deployments} deployments ended: ${listed(report.statuses)}`);
say(`all over ${(report.overAfterMs / 1000).toFixed(1)} s after the last fault`);
// The violations last: of a long output people, and CI, see the end.
if (violations.length > 0) {
  for (const line of report.evidence) say(`  ${line}`);
  for (const violation of violations) say(`VIOLATION ${violation}`);
  say(
    `to run it again: npm run chaos -- --seconds ${options.seconds} --seed ${options.seed} --limits ${options.limits} --people ${options.people}`,
  );
  say(`what everybody said: ${report.home}/logs`);
}
// A client library may keep the process a little longer than there is anything to do.
process.exit(violations.length > 0 ? 1 : 0);
