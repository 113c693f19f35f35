// `npm test`: unit, integration and end-to-end tests with coverage. `npm test -- <pattern> …` hands the rest
// to jest and leaves coverage away. The servers that tests need are made by jest's global setup.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const results = join(root, 'coverage', 'results.json');
const simulation = join(root, 'coverage', 'simulation.json');
const shownFailures = 20;
/** What CONTRIBUTING.md gives a whole run on two quiet cores. */
const budgetMinutes = 9.5;
/** From which on a file is in test/times/slow-files.json. */
const leastListedSeconds = 10;

/** Tests wait for servers more than they compute, but their deadlines are real. */
const workers = Math.max(3, Math.min(4, availableParallelism() - 1));
/** Modules of finished test files stay in a worker's memory: one that has grown is replaced. */
const heapPerWorker = '800MB';

const given = process.argv.slice(2);
const projects = ['--selectProjects', 'unit', 'integration', 'e2e'];
const counted = ['--coverage', `--workerIdleMemoryLimit=${heapPerWorker}`];
const whole = [...projects, ...counted, '--json', `--outputFile=${results}`];
const program = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const args = [program, `--maxWorkers=${workers}`, ...(given.length > 0 ? given : whole)];

const env = {
  ...process.env,
  NODE_OPTIONS: [
    process.env.NODE_OPTIONS ?? '',
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
  ].join(' '),
};

// Of a part there is no file: what the last whole run says stays as it is.
// jest makes no folder for what --outputFile says, and ends as if a test had failed.
mkdirSync(dirname(results), { recursive: true });
if (given.length === 0) for (const file of [results, simulation]) rmSync(file, { force: true });
const since = performance.now();
let running;
let stoppedBy;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stoppedBy ??= signal;
    // A Ctrl-C reaches jest by itself; the same once more ends nothing sooner.
    running?.kill(signal);
  });
}

// A thousand simulated lives, apart: counting lines makes them eight times slower and tells nothing. They
// wait for nothing either, so that there are as many workers as cores, where jest leaves one out.
const simulations = [program, '--selectProjects', 'simulation'];
const lives = [`--maxWorkers=${availableParallelism()}`, '--json', `--outputFile=${simulation}`];
const simulated = given.length === 0 ? await jest([...simulations, ...lives], 'ignore') : 0;
// With --json jest repeats its results on standard output.
const tested = stoppedBy ? 0 : await jest(args, given.length > 0 ? 'inherit' : 'ignore');
if (given.length === 0 && !stoppedBy) summarize();
process.exitCode = stoppedBy ? 128 + constants.signals[stoppedBy] : tested || simulated;

/** Resolves with its exit code. */
async function jest(its, output) {
  running = spawn(process.execPath, its, { cwd: root, env, stdio: ['inherit', output, 'inherit'] });
  const [code] = await once(running, 'exit');
  return code ?? 1;
}

function summarize() {
  let report;
  try {
    report = JSON.parse(readFileSync(results, 'utf8'));
  } catch {
    return;
  }
  const minutes = ((performance.now() - since) / 60_000).toFixed(1);
  const failures = report.testResults.flatMap((file) => {
    const name = relative(root, file.name);
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    if (failed.length > 0) return failed.map((test) => reproduce(name, test.fullName));
    return file.status === 'failed' ? [reproduce(name)] : [];
  });
  if (failures.length > 0) {
    print('\nTo see one failure again:');
    for (const line of failures.slice(0, shownFailures)) print(`  ${line}`);
    const more = failures.length - shownFailures;
    if (more > 0) print(`  … and ${more} more, in ${relative(root, results)}`);
  }
  if (Number(minutes) > budgetMinutes) blame(report.testResults, minutes);
  print(
    `\n${report.numPassedTests} tests passed, ${report.numFailedTests} failed, in ${minutes} min.`,
  );
}

/** Whoever has made the run longer, or a machine that is busy with others, is among these. */
function blame(files, minutes) {
  const known = JSON.parse(readFileSync(join(root, 'test', 'times', 'slow-files.json'), 'utf8'));
  const took = files.map(({ name, startTime, endTime }) => ({
    path: relative(root, name),
    seconds: Math.round((endTime - startTime) / 1000),
  }));
  const more = ({ path, seconds }) => seconds - (known[path] ?? leastListedSeconds);
  const grown = took.filter((file) => more(file) > 5).sort((one, other) => more(other) - more(one));
  print(`\n${minutes} min are more than the ${budgetMinutes} of CONTRIBUTING.md. Longer than`);
  print('test/times/slow-files.json has it (`npm run test:times` says why):');
  for (const file of grown.slice(0, shownFailures)) {
    print(`  ${file.seconds} s, ${more(file)} s more: ${file.path}`);
  }
}

function reproduce(file, name) {
  const quoted = name && `'${name.replaceAll(/[$()*+.?[\\\]^{|}]/g, '.').replaceAll("'", '.')}'`;
  return `npm test -- ${file}${quoted ? ` -t ${quoted}` : ''}`;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
