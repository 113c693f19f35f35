/**
 * `npm run test:times`: where the time of the last runs went, by jest's results in coverage/. Measures nothing
 * itself, and what was run by hand with a pattern leaves no results.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readOptions } from '../support/options.js';
import { fold, type FileTime, type JestResults, type Times } from './fold.js';
import { keepSlow, type SlowFiles } from './keep-slow.js';

const root = resolve(import.meta.dirname, '../..');
const slowFiles = join(import.meta.dirname, 'slow-files.json');

/** Each run with a results file, and how one comes by it. */
const runs: Readonly<Record<string, string>> = {
  'results.json': 'npm test',
  'simulation.json': 'npm test',
  'scenarios.json': 'npm run test:scenarios -- --json --outputFile=coverage/scenarios.json',
  'faults.json': 'npm run test:faults -- --json --outputFile=coverage/faults.json',
  'foreign.json': 'npm run test:foreign -- --json --outputFile=coverage/foreign.json',
};

const options = readOptions('Where the time of the last runs of the tests went.', {
  files: [25, 'slowest files to show of each run'],
  tests: [25, 'slowest tests to show of each run'],
  keep: [0, 'seconds from which on a file is listed in test/times/slow-files.json; 0: no new list'],
});

const say = (line = '') => process.stdout.write(`${line}\n`);
const seconds = (ms: number) => (ms / 1000).toFixed(1).padStart(8);

const found = Object.keys(runs).filter((name) => existsSync(join(root, 'coverage', name)));
const measured: FileTime[] = [];
for (const name of found) {
  const path = join(root, 'coverage', name);
  const times = fold(JSON.parse(readFileSync(path, 'utf8')) as JestResults, root);
  measured.push(...times.files);
  print(name, times);
}
for (const [name, command] of Object.entries(runs)) {
  if (!found.includes(name)) say(`No coverage/${name}: ${command}`);
}
if (found.length === 0) process.exitCode = 1;
else if (options.keep > 0) keep();

function print(name: string, times: Times): void {
  const { wallMs, atOnce, tailMs, projects, files, tests } = times;
  say(
    `== coverage/${name}: ${(wallMs / 60_000).toFixed(1)} min, ${atOnce.toFixed(1)} files at once`,
  );
  say(`${seconds(tailMs)} s at its end with fewer files at once than before`);
  say('\n seconds  set-up  files  tests  project');
  for (const { project, files: count, tests: its, ms, setUpMs } of projects) {
    const counts = `${String(count).padStart(5)}  ${String(its).padStart(5)}`;
    say(`${seconds(ms)}${seconds(setUpMs)}  ${counts}  ${project}`);
  }
  say('\n seconds  set-up  file (set-up: all but its tests)');
  for (const { path, ms, setUpMs } of files.slice(0, options.files)) {
    say(`${seconds(ms)}${seconds(setUpMs)}  ${path}`);
  }
  say('\n seconds  test');
  for (const { path, name: test, ms } of tests.slice(0, options.tests)) {
    say(`${seconds(ms)}  ${path}: ${test}`);
  }
  say();
}

function keep(): void {
  const before = JSON.parse(readFileSync(slowFiles, 'utf8')) as SlowFiles;
  const isThere = (path: string) => existsSync(join(root, path));
  const list = keepSlow(before, measured, { seconds: options.keep, isThere });
  writeFileSync(slowFiles, `${JSON.stringify(list, null, 2)}\n`);
  say(`${Object.keys(list).length} files are in test/times/slow-files.json`);
}
