/**
 * `npm run test:architecture -- --planted`: plants one fault after the other in a copy of the tree, runs the
 * check that is meant, and fails when it stays green or is red for another reason.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Outcome, runCheck } from './checks.js';
import { plantedFaults, type PlantedFault } from './planted-faults.js';
import { root } from './sources.js';

/** Most of a check is waiting for a database, or one core. */
const TREES_AT_ONCE = 2;
const LEFT_OUT = ['node_modules', '.git', 'dist', 'coverage', '.tidegate'];
const SHOWN = 2000;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** True when every fault was found. `words`: only faults with one of them in their name. */
export async function findPlanted(words: readonly string[]): Promise<boolean> {
  const isMeant = ({ name }: PlantedFault) => words.some((word) => name.includes(word));
  const meant = words.length > 0 ? plantedFaults.filter(isMeant) : plantedFaults;
  const waiting = [...meant];
  let stayedGreen = 0;
  const work = async () => {
    const tree = await copyOfTree();
    try {
      for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
        const outcome = await withFault(tree, fault);
        if (!told(fault, outcome)) stayedGreen += 1;
      }
    } finally {
      await rm(tree, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: TREES_AT_ONCE }, work));
  say(`${meant.length - stayedGreen} of ${meant.length} faults were found`);
  return meant.length > 0 && stayedGreen === 0;
}

async function copyOfTree(): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'tidegate-planted-'));
  const filter = (path: string) => !LEFT_OUT.includes(basename(path));
  await cp(root, tree, { recursive: true, filter });
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  return tree;
}

async function withFault(tree: string, { file, plant, command }: PlantedFault): Promise<Outcome> {
  const path = join(tree, file);
  const before = await readFile(path, 'utf8').catch(() => null);
  const after = plant(before ?? '');
  if (after === before) throw new Error(`the fault cannot be planted in ${file} any more`);
  const project = { extends: './tsconfig.json', include: [file] };
  await writeFile(join(tree, 'tsconfig.planted.json'), JSON.stringify(project));
  await writeFile(path, after);
  try {
    return await runCheck(command, tree);
  } finally {
    await (before === null ? rm(path) : writeFile(path, before));
  }
}

function told({ name, check, says }: PlantedFault, { isGreen, output, seconds }: Outcome): boolean {
  const isFound = !isGreen && says.test(output);
  const result = isFound ? 'red' : isGreen ? 'STAYED GREEN' : 'RED FOR ANOTHER REASON';
  say(`${name.padEnd(46)} ${check.padEnd(10)} ${result.padEnd(4)} ${seconds.toFixed(1)} s`);
  if (!isFound) say(output.slice(-SHOWN));
  return isFound;
}
