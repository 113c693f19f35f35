// The one command on a fresh machine: `node scripts/bootstrap.mjs <command>` installs the packages when they
// are not the lock file's, builds when the build is not the sources', and then becomes the program: same
// process, so signals, exit code and terminal are the program's own.
//
// Only Node's own modules, and syntax that an old Node can read far enough to be told what it lacks.
import { spawnSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { fileURLToPath, pathToFileURL } from 'url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const oldestNode = [20, 19];

/** Each command and the file it becomes. */
const commands = {
  start: 'dist/apps/api/main.js',
  worker: 'dist/apps/worker/main.js',
  agent: 'dist/apps/agent/main.js',
  migrate: 'dist/apps/migrate/main.js',
  tidegate: 'dist/apps/cli/main.js',
  demo: 'scripts/demo/main.mjs',
  test: 'scripts/test.mjs',
};

function say(line) {
  // Standard output is the program's.
  process.stderr.write(line + '\n');
}

function stop(line) {
  say(line);
  process.exit(1);
}

function checkNode() {
  const version = process.versions.node.split('.').map(Number);
  const isOlder =
    version[0] < oldestNode[0] || (version[0] === oldestNode[0] && version[1] < oldestNode[1]);
  if (isOlder) {
    stop(
      'Tidegate needs Node ' +
        oldestNode.join('.') +
        ' or later, and this is ' +
        process.versions.node +
        ': install a newer one from https://nodejs.org.',
    );
  }
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
  } catch {
    return undefined;
  }
}

/** npm keeps a list of what it has put into node_modules; it must say what the lock file says. */
function isInstalled() {
  const wanted = readJson('package-lock.json');
  const present = readJson('node_modules/.package-lock.json');
  if (!wanted || !present) return false;
  return Object.keys(wanted.packages).every((name) => {
    if (name === '') return true;
    const there = present.packages[name];
    // Packages for other platforms stay away.
    if (!there) return wanted.packages[name].optional === true;
    return (
      there.version === wanted.packages[name].version &&
      there.integrity === wanted.packages[name].integrity
    );
  });
}

function run(title, hint, file, args) {
  const since = Date.now();
  say(title + ' …');
  const result = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error || result.status !== 0) {
    say((result.stdout || '') + (result.stderr || ''));
    stop(hint + (result.error ? ' (' + result.error.message + ')' : ''));
  }
  say('  done in ' + ((Date.now() - since) / 1000).toFixed(1) + ' s');
}

function install() {
  if (isInstalled()) return;
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /npm-cli\.[cm]?js$/.test(npm);
  run(
    'Installing packages (npm ci, about half a minute)',
    'npm could not install the packages: see above, and run "npm ci" by hand.',
    isScript ? process.execPath : 'npm',
    isScript ? [npm].concat(flags) : flags,
  );
}

function filesBelow(folder) {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .map((entry) => ({ entry, name: folder + '/' + entry.name }))
    .map(({ entry, name }) => (entry.isDirectory() ? filesBelow(name) : [name]))
    .reduce((all, some) => all.concat(some), [])
    .filter((name) => !name.endsWith('.spec.ts'))
    .sort();
}

function hashOfSources() {
  const settings = ['.swcrc', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
  const hash = createHash('sha256');
  const sources = filesBelow('src').concat(filesBelow('sdks/typescript/src'));
  settings.concat('package-lock.json', sources).forEach((name) => {
    hash
      .update(name + '\0')
      .update(fs.readFileSync(path.join(root, name)))
      .update('\0');
  });
  return hash.digest('hex');
}

/** Contents, not times: a fresh clone and a switched branch have misleading times. */
function build() {
  const stamp = path.join(root, 'dist', '.sources');
  const hash = hashOfSources();
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash) return;
  const nest = path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  run('Building', 'The build failed: see above.', process.execPath, [nest, 'build']);
  fs.writeFileSync(stamp, hash);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Two commands at once on a fresh clone: the second waits until the first has installed and built. */
function oneAtATime(work) {
  const lock = path.join(root, '.bootstrap.lock');
  let isToldToWait = false;
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        // A folder that is not ours to write: all is installed and built, or the work will say what is not.
        return work();
      }
    }
    const holder = Number(readText(lock));
    if (holder > 0 ? !isAlive(holder) : isOlder(lock, 10000)) fs.rmSync(lock, { force: true });
    else if (!isToldToWait) {
      say('Waiting for another Tidegate command that is installing or building …');
      isToldToWait = true;
    }
    pause(100);
  }
  // Also when a step ends the process.
  const release = () => fs.rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function isOlder(file, ms) {
  try {
    return Date.now() - fs.statSync(file).mtimeMs > ms;
  } catch {
    return false;
  }
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function main() {
  checkNode();
  const command = process.argv[2];
  const file = commands[command];
  if (!file) {
    stop('Usage: node scripts/bootstrap.mjs ' + Object.keys(commands).join(' | ') + ' [arguments]');
  }
  oneAtATime(() => {
    install();
    build();
  });
  const program = path.join(root, file);
  if (!fs.existsSync(program)) stop('There is no ' + file + ' in this version.');
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
}

main().catch((error) => {
  say(error && error.stack ? error.stack : String(error));
  process.exit(1);
});
