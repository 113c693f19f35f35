// `npm run clean`: what Ctrl-C leaves running on purpose is ended here. An agent that ends leaves its front and its
// releases running, for the next agent to go on with; who only tried Tidegate wants them gone.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { identityOf, lives } from './bootstrap/process-identity.mjs';
import { abandonedHomes, demoFolders, projectRoot } from './demo/home.mjs';
import { endHome } from './demo/processes.mjs';

const agentProgram = path.join(projectRoot, 'dist', 'apps', 'agent', 'main.js');
const state = path.join(projectRoot, '.tidegate');
const teardownMs = 60_000;

const words = process.argv.slice(2);
const unknown = words.find((word) => word !== '--data');
if (unknown !== undefined) {
  console.error(`clean takes no "${unknown}": see npm run clean -- --help.`);
  process.exit(2);
}
const failures = [...endNodes(), ...(await endDemos())];
for (const failure of failures) console.error(failure);
const server = controlPlane();
if (server !== undefined) {
  console.log(`The control plane runs on: Ctrl-C in its terminal ends it, or kill ${server}.`);
}
if (words.includes('--data')) removeData();
process.exitCode =
  failures.length > 0 || (words.includes('--data') && server !== undefined) ? 1 : 0;

function endNodes() {
  const nodes = foldersIn(state).filter((folder) =>
    fs.existsSync(path.join(folder, 'identity.json')),
  );
  if (nodes.length === 0) console.log('No node of this clone is there.');
  return nodes.flatMap((folder) => {
    const name = path.relative(projectRoot, folder);
    const { status, stderr } = spawnSync(
      process.execPath,
      [agentProgram, '--teardown', '--dir', folder],
      { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: teardownMs },
    );
    if (status !== 0) return [`${name} could not be ended: ${lastLine(stderr)}`];
    console.log(`Ended ${name}: its agent, front and releases.`);
    return [];
  });
}

async function endDemos() {
  const homes = demoFolders().filter(fs.existsSync).flatMap(abandonedHomes);
  const failed = [];
  for (const home of homes) {
    const problems = await endHome(home).catch((error) => [error.message]);
    failed.push(...problems);
    if (problems.length > 0) continue;
    fs.rmSync(home, { recursive: true, force: true });
    console.log(`Ended a demo that was killed: ${home}.`);
  }
  return failed;
}

/** The process that owns the embedded database. */
function controlPlane() {
  try {
    const owner = JSON.parse(fs.readFileSync(path.join(state, 'postgres', 'owner.json'), 'utf8'));
    return lives(identityOf(owner.pid)) && owner.started === identityOf(owner.pid).started
      ? owner.pid
      : undefined;
  } catch {
    return undefined;
  }
}

function removeData() {
  if (server !== undefined || failures.length > 0) {
    console.error(`${state} was kept: something of it still runs.`);
    return;
  }
  fs.rmSync(state, { recursive: true, force: true });
  console.log(`Removed ${state}: its database, keys, artifacts and nodes are gone.`);
}

function foldersIn(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(folder, name));
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
