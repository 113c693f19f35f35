/** What one file of jest's results says about where the time of its run went. */

/** As jest writes it with `--json`; what is not read here is left out. */
export interface JestResults {
  readonly startTime: number;
  readonly testResults: readonly JestFile[];
}

interface JestFile {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly assertionResults: readonly JestTest[];
}

interface JestTest {
  readonly fullName: string;
  readonly duration?: number | null;
  readonly startAt?: number | null;
}

export interface FileTime {
  readonly path: string;
  readonly project: string;
  readonly tests: number;
  readonly ms: number;
  /** While no test of it ran: loading, what all its tests share, and cleaning up. */
  readonly setUpMs: number;
}

export interface TestTime {
  readonly path: string;
  readonly name: string;
  readonly ms: number;
}

export interface ProjectTime {
  readonly project: string;
  readonly files: number;
  readonly tests: number;
  readonly ms: number;
  readonly setUpMs: number;
}

export interface Times {
  /** From the first file's start to the last one's end. */
  readonly wallMs: number;
  /** How many files ran at once, on average. */
  readonly atOnce: number;
  /** At the end, while fewer ran than had before: what another order or a smaller file would save. */
  readonly tailMs: number;
  readonly projects: readonly ProjectTime[];
  /** Both slowest first. */
  readonly files: readonly FileTime[];
  readonly tests: readonly TestTime[];
}

type Span = readonly [from: number, to: number];

const PROJECTS: readonly (readonly [end: string, project: string])[] = [
  ['.int-spec.ts', 'integration'],
  ['.e2e-spec.ts', 'e2e'],
  ['.scenario-spec.ts', 'scenarios'],
  ['.fault-spec.ts', 'faults'],
  ['.foreign-spec.ts', 'foreign'],
  ['.sim-spec.ts', 'simulation'],
];

export function fold({ testResults }: JestResults, root: string): Times {
  const files = testResults.map((file) => fileTime(file, root));
  const spans = testResults.map(({ startTime, endTime }): Span => [startTime, endTime]);
  const from = Math.min(...spans.map(([start]) => start));
  const to = Math.max(...spans.map(([, end]) => end));
  const wallMs = spans.length > 0 ? to - from : 0;
  const sum = files.reduce((ms, file) => ms + file.ms, 0);
  return {
    wallMs,
    atOnce: wallMs > 0 ? sum / wallMs : 0,
    tailMs: tailOf(spans),
    projects: projectTimes(files),
    files: files.sort(slowestFirst),
    tests: testResults.flatMap((file) => testTimes(file, root)).sort(slowestFirst),
  };
}

const slowestFirst = (one: { ms: number }, other: { ms: number }) => other.ms - one.ms;

function fileTime(file: JestFile, root: string): FileTime {
  const { name, startTime, endTime, assertionResults } = file;
  const path = pathOf(name, root);
  const ms = endTime - startTime;
  const setUpMs = Math.max(0, ms - timeInTests(assertionResults));
  return { path, project: projectOf(path), tests: assertionResults.length, ms, setUpMs };
}

/** Tests of a file that run at the same time count once; without their starts they count each. */
function timeInTests(tests: readonly JestTest[]): number {
  const ran = tests.filter(({ duration }) => typeof duration === 'number');
  if (!ran.every(({ startAt }) => typeof startAt === 'number')) {
    return ran.reduce((ms, { duration }) => ms + duration!, 0);
  }
  return covered(ran.map(({ startAt, duration }): Span => [startAt!, startAt! + duration!]));
}

function covered(spans: readonly Span[]): number {
  let [ms, until] = [0, Number.NEGATIVE_INFINITY];
  for (const [from, to] of [...spans].sort(([one], [other]) => one - other)) {
    ms += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return ms;
}

/** From when the number of files that run is below the most there were, up to the end. */
function tailOf(spans: readonly Span[]): number {
  const changes = spans.flatMap(([from, to]) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  // An end comes before the start that follows in the same millisecond.
  changes.sort((one, other) => one.at - other.at || one.by - other.by);
  let [running, most, fullUntil] = [0, 0, 0];
  for (const { at, by } of changes) {
    if (by < 0 && running === most) fullUntil = at;
    running += by;
    most = Math.max(most, running);
  }
  return changes.length > 0 ? changes.at(-1)!.at - fullUntil : 0;
}

function projectTimes(files: readonly FileTime[]): ProjectTime[] {
  const times = new Map<string, ProjectTime>();
  for (const { project, tests, ms, setUpMs } of files) {
    const so = times.get(project) ?? { project, files: 0, tests: 0, ms: 0, setUpMs: 0 };
    times.set(project, {
      project,
      files: so.files + 1,
      tests: so.tests + tests,
      ms: so.ms + ms,
      setUpMs: so.setUpMs + setUpMs,
    });
  }
  return [...times.values()].sort((one, other) => other.ms - one.ms);
}

function testTimes({ name, assertionResults }: JestFile, root: string): TestTime[] {
  const path = pathOf(name, root);
  return assertionResults.map(({ fullName, duration }) => ({
    path,
    name: fullName,
    ms: duration ?? 0,
  }));
}

function projectOf(path: string): string {
  return PROJECTS.find(([end]) => path.endsWith(end))?.[1] ?? 'unit';
}

function pathOf(name: string, root: string): string {
  return name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
}
