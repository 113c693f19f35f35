/**
 * `npm run test:architecture`: the checks of the house. `--planted`: whether they can fail,
 * for all faults or for those with one of these words. `--shrink`: the
 * lists of exceptions without what is mended.
 */
import { endWithHelp } from '../../scripts/help.mjs';
import { checks, runCheck } from './checks.js';
import { findPlanted } from './planted.js';
import { shrink } from './shrink.js';
import { root } from './sources.js';

endWithHelp('test:architecture');

const SHOWN = 4000;

const all: readonly [string, string[]][] = [
  ['imports', checks.imports()],
  ['lint', checks.lint()],
  ['owners', checks.owners()],
  ['open contexts', checks.openContext()],
  ['house table', checks.house()],
  ['statements', checks.readSql()],
  ['entities', checks.entities()],
  ['paging', checks.paging()],
];

async function runAll(): Promise<boolean> {
  let red = 0;
  for (const [name, command] of all) {
    const { isGreen, output, seconds } = await runCheck(command, root);
    process.stdout.write(
      `${name.padEnd(15)} ${isGreen ? 'green' : 'RED  '} ${seconds.toFixed(1)} s\n`,
    );
    if (isGreen) continue;
    red += 1;
    process.stdout.write(`${output.slice(-SHOWN)}\n`);
  }
  return red === 0;
}

const [option, ...words] = process.argv.slice(2);
if (option === '--shrink') await shrink();
else process.exitCode = (await (option === '--planted' ? findPlanted(words) : runAll())) ? 0 : 1;
