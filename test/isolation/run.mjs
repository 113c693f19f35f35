/**
 * `npm run test:isolation`: what tenants can learn of each other. With `-- --without-rls` row-level security is
 * taken away, and it is told what the test finds then: red, or the test would prove nothing.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { endWithHelp } from '../../scripts/help.mjs';

endWithHelp('test:isolation');
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const given = process.argv.slice(2);
const args = given.filter((each) => each !== '--without-rls');
const isWithout = args.length < given.length;
const only = isWithout ? ['--testNamePattern', 'row-level security'] : [];
const { status } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', jest, '--selectProjects', 'isolation', ...only, ...args],
  {
    stdio: 'inherit',
    env: { ...process.env, ...(isWithout ? { TIDEGATE_TEST_TELL: 'yes' } : {}) },
  },
);
process.exitCode = status ?? 1;
