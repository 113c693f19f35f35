import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Stands in for npm: a script writes what its turn of `plan` says as jest would, and ends with 1 when a test
 * failed. Every other command passes.
 */
const NPM = `#!/usr/bin/env bash
case "$1 $2" in
  'test '* | 'run test' | 'run test:faults' | 'run test:isolation') ;;
  *) exit 0 ;;
esac
exec node bin/jest.cjs "$@"
`;
const JEST = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const script = process.argv[2] === 'test' ? 'test' : process.argv[3];
const plan = JSON.parse(readFileSync('plan.json', 'utf8'))[script] ?? [[]];
const isAgain = process.argv.some((each) => each.endsWith('.again'));
const failed = plan[isAgain ? 1 : 0] ?? [];
const given = process.argv.find((each) => each.startsWith('--outputFile='));
mkdirSync('coverage', { recursive: true });
writeFileSync(given ? given.slice(13) : 'coverage/results.json', JSON.stringify({
  numPassedTests: 10 - failed.length, numFailedTests: failed.length, numRuntimeErrorTestSuites: 0,
  testResults: failed.map((name) => ({ name: process.cwd() + '/' + name, status: 'failed',
    assertionResults: [{ status: 'failed', fullName: 'a test', failureMessages: ['Expected: 3'] }] })),
}));
writeFileSync('coverage/simulation.json', JSON.stringify({
  numPassedTests: 1, numFailedTests: plan[2] ?? 0, numRuntimeErrorTestSuites: 0 }));
if (plan[3]) console.error(plan[3]);
process.exit(failed.length > 0 || plan[2] || plan[3] ? 1 : 0);
`;

type Turns = readonly [
  first: readonly string[],
  again?: readonly string[],
  brokenLives?: number,
  said?: string,
];

function ciRun(plan: Record<string, Turns>) {
  const root = mkdtempSync(join(tmpdir(), 'ci-run-'));
  try {
    cpSync(join(import.meta.dirname, '../../.ci'), join(root, '.ci'), { recursive: true });
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/npm'), NPM, { mode: 0o755 });
    writeFileSync(join(root, 'bin/jest.cjs'), JEST);
    writeFileSync(join(root, 'plan.json'), JSON.stringify(plan));
    const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` };
    const { status, stdout } = spawnSync(join(root, '.ci/run'), { env, encoding: 'utf8' });
    return { status, said: stdout };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('.ci/run', () => {
  it('passes when everything does', () => {
    const { status, said } = ciRun({});
    expect(said).toMatch(/\n\d+ passed, 0 failed\n$/);
    expect(said).not.toContain('UNSTEADY');
    expect(status).toBe(0);
  });

  it('names a test that passes when it is run again alone, and goes on', () => {
    const { status, said } = ciRun({ test: [['a.spec.ts'], []] });
    expect(said).toContain('== UNSTEADY in test');
    expect(said).toMatch(/a\.spec\.ts: a test\n {2}Expected: 3/);
    expect(said).toContain('1 unsteady: passed only when run once more');
    expect(status).toBe(0);
  });

  it.each<[string, Record<string, Turns>]>([
    ['fails again', { test: [['a.spec.ts'], ['a.spec.ts']] }],
    ['is one of three', { 'test:faults': [['a.spec.ts', 'b.spec.ts', 'c.spec.ts'], []] }],
    [
      'is the third of the whole run',
      { test: [['a.spec.ts', 'b.spec.ts'], []], 'test:isolation': [['c.spec.ts'], []] },
    ],
    ['is not all that failed: lives were lost', { test: [['a.spec.ts'], [], 1] }],
    [
      'is not all that failed: lines are not covered',
      { test: [['a.spec.ts'], [], 0, 'Jest: "global" coverage threshold for lines (88%) not met'] },
    ],
    ['is none: lives were lost', { test: [[], [], 1] }],
  ])('refuses when a failed test %s', (_, plan) => {
    const { status, said } = ciRun(plan);
    expect(said).toMatch(/[1-9]\d* failed\n$/);
    expect(status).toBe(1);
  });
});
