// `npm run newcomer`: a fresh clone of the last commit, its install broken off once, and then README, deploying.md
// and agent.md followed literally, in this order, in that one folder. On Linux as root in a network of its own;
// elsewhere the ports of the pages have to be free.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithHelp } from '../../scripts/help.mjs';
import { blocksOf, promises } from './pages.mjs';
import { tryRecipes } from './recipes.mjs';
import { Shell, until } from './shell.mjs';

endWithHelp('newcomer');
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const START_MS = 120_000;
const PROBLEM = /"status":\s*[45]\d\d\b/;

const given = process.argv[2];
if (given === '--recipes') recipes();
else if (given === undefined) await prepareAndFollow();
else await follow(given);

async function prepareAndFollow() {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-newcomer-'));
  const clone = join(folder, 'tidegate');
  try {
    execFileSync('git', ['clone', '--quiet', root, clone]);
    await breakOffInstall(clone, folder);
    console.log('The second command installs and builds …');
    execFileSync('npm', ['run', 'migrate', '--', '--help'], {
      cwd: clone,
      env: environment(folder),
    });
    const its = [fileURLToPath(import.meta.url), folder];
    const apart = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
    const child = canBeApart()
      ? spawn('unshare', [...apart, process.execPath, ...its], { stdio: 'inherit' })
      : spawn(process.execPath, its, { stdio: 'inherit' });
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
    const [code] = await once(child, 'exit');
    process.exitCode = code ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the packages of this clone, which nothing here changes. */
function recipes() {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-recipes-'));
  const clone = join(folder, 'tidegate');
  try {
    execFileSync('git', ['clone', '--quiet', root, clone]);
    execFileSync('cp', ['-al', join(root, 'node_modules'), join(clone, 'node_modules')]);
    tryRecipes(clone);
    console.log('The recipes hold what they say.');
  } catch (error) {
    console.error(`${error.message}\n\nTo see it again: npm run newcomer -- --recipes`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function canBeApart() {
  const tried = spawnSync('unshare', ['--net', 'sh', '-c', 'ip link set lo up'], {
    stdio: 'ignore',
  });
  return tried.status === 0;
}

/** Ctrl-C in the middle of npm's work: nothing of it may be left when the command has ended. */
async function breakOffInstall(clone, folder) {
  const child = spawn('npm', ['start'], { cwd: clone, env: environment(folder), detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = once(child, 'exit');
  await until(
    () => said.includes('Installing packages') && existsSync(join(clone, 'node_modules')),
    START_MS,
  );
  process.kill(-child.pid, 'SIGINT');
  await ended;
  const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && worksIn(pid, clone));
  if (left.length > 0)
    throw new Error(`Ctrl-C left ${left.length} processes at work in the clone.`);
}

function worksIn(pid, clone) {
  try {
    return execFileSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).startsWith(clone);
  } catch {
    return false;
  }
}

function environment(folder) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|TIDEGATE_|DATABASE_|REDIS_|NODE_OPTIONS$|CI$)/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    // The newcomer's session of the command line is not ours.
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
}

async function follow(folder) {
  const clone = join(folder, 'tidegate');
  const terminals = { main: new Shell(clone, environment(folder)), others: [] };
  const kept = new Set(promises);
  let password;
  let server;
  let problem;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(name, () => void end().finally(() => process.exit(130)));
  }
  const since = performance.now();
  for (const { page, commands, stays } of blocksOf(clone)) {
    const told = commands
      .replaceAll('"password":"…"', () => `"password":"${password}"`)
      .replace(
        /^(npx tidegate login .*)$/m,
        (line) => `echo '${password}' | ${line} --password-stdin`,
      );
    console.log(
      `${((performance.now() - since) / 1000).toFixed(0)} s  ${page}: ${told.trim().split('\n')[0]}`,
    );
    try {
      if (stays) await stay(told);
      else await say(told);
    } catch (error) {
      problem = `${page}:\n\n${told}\n${error.message}`;
      break;
    }
  }
  await end();
  if (problem)
    console.error(
      `\nFollowed literally, this fails in ${problem}\n\nTo see it again: npm run newcomer`,
    );
  else if (kept.size > 0) {
    problem = [...kept].map(([part]) => part).join('\n');
    console.error(`These promises are in no page any more:\n${problem}`);
  } else console.log('The pages hold what they say.');
  process.exit(problem ? 1 : 0);

  async function end() {
    terminals.main.signal('SIGTERM');
    for (const shell of terminals.others.reverse()) shell.signal('SIGTERM');
    await teardown(clone, folder);
    await until(() => terminals.others.every(({ hasEnded }) => hasEnded), 30_000).catch(() => {
      for (const shell of terminals.others) shell.signal('SIGKILL');
    });
  }

  async function say(commands) {
    const said = await terminals.main.run(commands);
    if (PROBLEM.test(said)) throw new Error(said.slice(-2000));
    for (const promise of promises) {
      const [part, words] = promise;
      if (!commands.includes(part)) continue;
      if (!words.test(said))
        throw new Error(`It should say ${words}, and said:\n${said.slice(-3000)}`);
      kept.delete(promise);
    }
  }

  /** In a terminal of its own, and until it is there; a second control plane takes the place of the first. */
  async function stay(commands) {
    const isServer = commands.includes('npm start');
    if (isServer && server) {
      server.signal('SIGINT');
      await until(() => server.said.includes('stopped'), 60_000);
    }
    const login = /^echo .*$/m.exec(commands)?.[0];
    if (login) await say(login);
    const shell = new Shell(clone, environment(folder));
    terminals.others.push(shell);
    shell.start(login ? commands.replace(login, '') : commands);
    if (isServer) {
      await until(() => /Tidegate listens on/.test(shell.said), START_MS).catch(() => {
        throw new Error(shell.said.slice(-2000));
      });
      password ??= /Password: +(\S+)/.exec(shell.said)?.[1];
      server = shell;
    } else if (commands.includes('npm run agent')) {
      await until(() => /"enrolled"/.test(shell.said) || shell.hasEnded, START_MS);
      if (shell.hasEnded) throw new Error(shell.said.slice(-2000));
    }
  }
}

/** Fronts and releases outlive their agents, as they should. */
async function teardown(clone, folder) {
  const home = join(clone, '.tidegate');
  if (!existsSync(home)) return;
  for (const name of readdirSync(home).filter((each) => existsSync(join(home, each, 'node.key')))) {
    spawnSync('npm', ['run', 'agent', '--', '--teardown', '--dir', join(home, name)], {
      ...{ cwd: clone, env: environment(folder), stdio: 'ignore', timeout: 60_000 },
    });
  }
}
