// The one command on a fresh machine: `node scripts/bootstrap.mjs <command>` installs the packages when they
// are not the lock file's, builds when the build is not the sources', and then becomes the program: same
// process, so signals, exit code and terminal are the program's own.
//
// Only Node's own modules, and syntax that an old Node can read far enough to be told what it lacks. All
// else is loaded after that.
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
  admin: 'dist/apps/admin/main.js',
  tidegate: 'dist/apps/cli/main.js',
  demo: 'scripts/demo/main.mjs',
  test: 'scripts/test.mjs',
  clean: 'scripts/clean.mjs',
};

function stop(line) {
  // Standard output is the program's.
  process.stderr.write(line + '\n');
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

async function main() {
  checkNode();
  const command = process.argv[2];
  const file = commands[command];
  if (!file) {
    stop('Usage: node scripts/bootstrap.mjs ' + Object.keys(commands).join(' | ') + ' [arguments]');
  }
  const { endWithHelp, helpTexts } = await import('./help.mjs');
  // Before anything is installed or built. The others have a help of their own.
  if (command in helpTexts) endWithHelp(command, process.argv.slice(3));
  const { endWithNpm } = await import('./bootstrap/end-with-npm.mjs');
  endWithNpm();
  const { prepare } = await import('./bootstrap/prepare.mjs');
  await prepare(root);
  const program = path.join(root, file);
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
}

main().catch((error) => stop(error && error.stack ? error.stack : String(error)));
