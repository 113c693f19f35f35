/** Programs from PyPI that tests need: pinned, in a virtual environment that is made once per machine. */
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { foreignProgram, installPackage, oneInstallAtATime } from './installed-program.js';

const run = promisify(execFile);
const installMs = 300_000;

/**
 * The folder with the programs of those packages (`bin` of the environment), each as `name==version`.
 *
 * @throws when there is no Python, or the packages are not to be had.
 */
export async function pythonTools(name: string, packages: readonly string[]): Promise<string> {
  const python = await foreignProgram({ name: 'python3', package: 'python3' });
  const version = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const home = join(homedir(), '.cache/tidegate/python');
  const place = join(home, `${name}-${version}`);
  const isMade = () =>
    access(join(place, 'made')).then(
      () => true,
      () => false,
    );
  if (await isMade()) return join(place, 'bin');
  await mkdir(home, { recursive: true });
  await madeVenv(python, place);
  process.stderr.write(`Installing ${packages.join(', ')} for the tests (pip, once) …\n`);
  await oneInstallAtATime(async () => {
    if (await isMade()) return;
    await run(join(place, 'bin', 'python3'), ['-m', 'pip', 'install', '--quiet', ...packages], {
      timeout: installMs,
    });
    await mkdir(join(place, 'draft'), { recursive: true });
    await rename(join(place, 'draft'), join(place, 'made'));
  });
  return join(place, 'bin');
}

/** Debian keeps what makes one in a package of its own. */
async function madeVenv(python: string, folder: string): Promise<void> {
  const make = () =>
    oneInstallAtATime(async () => void (await run(python, ['-m', 'venv', folder])));
  await make().catch(async () => {
    await rm(folder, { recursive: true, force: true });
    await oneInstallAtATime(() => installPackage('python3-venv', () => undefined));
    await make();
  });
}
