// One word, one cost: unit beside the code, integration on real servers, e2e on real processes, faults on
// processes that are killed, foreign with clients, archivers and checkers that nobody here wrote.
import { fileURLToPath } from 'node:url';

const swc = JSON.parse(
  (await import('node:fs')).readFileSync(new URL('.swcrc', import.meta.url), 'utf8'),
);
delete swc.exclude;

// Plain JavaScript: jest does not apply moduleNameMapper to them.
const servers = {
  setupFilesAfterEnv: ['<rootDir>/test/support/timeouts.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

const common = {
  // Ten files that load the whole API took 49 s of processor in realms of their own, and 32 s so.
  testEnvironment: '<rootDir>/test/support/jest-process/environment.cjs',
  runtime: fileURLToPath(new URL('test/support/jest-process/runtime.cjs', import.meta.url)),
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.tidegate/'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
};

export default {
  testSequencer: '<rootDir>/test/times/sequencer.mjs',
  // Of tests of one file that say they are concurrent.
  maxConcurrency: 3,
  // By V8 itself, as code that is rewritten to count its own lines takes twice as long: ten files that load the
  // whole API took 39 s of processor uncounted and 44 s so (test/support/jest-process/line-counter.cjs).
  coverageProvider: 'v8',
  // The SDK's schema is generated and has types only: nothing in it runs.
  collectCoverageFrom: [
    '{src,sdks/typescript/src}/**/*.ts',
    '!**/*.spec.ts',
    '!sdks/typescript/src/schema.ts',
  ],
  coverageReporters: ['text-summary', 'lcovonly'],
  // Code that runs in child processes (agents, fronts, killed servers) is not counted.
  // V8 counts all lines, also those without a statement: 88 of them are 85 of the others.
  coverageThreshold: { global: { lines: 88 } },
  projects: [
    {
      ...common,
      displayName: 'unit',
      // Three workers that count lines on two busy cores: a few seconds are no hang.
      setupFilesAfterEnv: ['<rootDir>/test/support/timeouts.mjs'],
      testMatch: [
        '<rootDir>/{src,sdks/typescript/src,dashboard/src,test/times,test/architecture}/**/*.spec.ts',
      ],
    },
    {
      ...common,
      displayName: 'simulation',
      testMatch: ['<rootDir>/test/simulation/**/*.sim-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.int-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'scenarios',
      testMatch: ['<rootDir>/test/scenarios/**/*.scenario-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'faults',
      testMatch: ['<rootDir>/test/faults/**/*.fault-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'foreign',
      testMatch: ['<rootDir>/test/foreign/**/*.foreign-spec.ts'],
    },
    {
      ...common,
      ...servers,
      displayName: 'isolation',
      testMatch: ['<rootDir>/test/isolation/**/*.iso-spec.ts'],
    },
  ],
};
