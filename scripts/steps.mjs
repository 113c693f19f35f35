// Scripts that are several commands one after the other, with a help of their own; the first that fails ends it.
import { spawnSync } from 'node:child_process';
import { endWithHelp } from './help.mjs';

const npm = (...names) => names.map((name) => ['npm', 'run', '--silent', name]);

const steps = {
  check: npm(
    'check:format',
    'check:lint',
    'check:types',
    'check:imports',
    'check:dead',
    'test:unit',
  ),
  build: [
    ['nest', 'build'],
    ...npm('build:dashboard'),
    ['node', 'scripts/bootstrap/executable.mjs'],
  ],
  'build:dashboard': [
    ['vite', 'build', '--config', 'dashboard/vite.config.ts', '--logLevel', 'warn'],
  ],
  'check:types': [
    ['tsc', '--noEmit'],
    ['tsc', '--noEmit', '-p', 'dashboard'],
  ],
  'docs:generate': [
    ['node', '--import', './test/support/register-typescript.mjs', 'src/apps/docs/main.ts'],
    ...npm('sdk:generate'),
  ],
};

const [name, ...words] = process.argv.slice(2);
endWithHelp(name, words);
if (words.length > 0) {
  console.error(`${name} takes no "${words[0]}": see npm run ${name} -- --help.`);
  process.exit(2);
}
for (const [file, ...args] of steps[name]) {
  const { status, error } = spawnSync(file, args, { stdio: 'inherit' });
  if (error) console.error(`${file} does not run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
