import { fold, type JestResults } from './fold.js';
import { keepSlow } from './keep-slow.js';

const test = (fullName: string, startAt: number | null, duration: number | null) => ({
  fullName,
  startAt,
  duration,
});
const file = (
  name: string,
  [startTime, endTime]: readonly [number, number],
  ...assertionResults: JestResults['testResults'][number]['assertionResults']
) => ({ name: `/here/${name}`, startTime, endTime, assertionResults });
const times = (...testResults: JestResults['testResults']) =>
  fold({ startTime: 0, testResults }, '/here');

const fast = file('src/a.spec.ts', [0, 2_000], test('quick', 500, 1_000));
const slow = file('test/e2e/b.e2e-spec.ts', [0, 9_000], test('long', 4_000, 5_000));
const late = file('test/integration/c.int-spec.ts', [2_000, 3_000], test('none', null, null));

describe('where the time of a run went', () => {
  it('is said by project, by file and by test, the slowest first', () => {
    const { projects, files, tests } = times(fast, late, slow);
    expect(projects).toEqual([
      { project: 'e2e', files: 1, tests: 1, ms: 9_000, setUpMs: 4_000 },
      { project: 'unit', files: 1, tests: 1, ms: 2_000, setUpMs: 1_000 },
      { project: 'integration', files: 1, tests: 1, ms: 1_000, setUpMs: 1_000 },
    ]);
    expect(files.map(({ path }) => path)).toEqual([
      'test/e2e/b.e2e-spec.ts',
      'src/a.spec.ts',
      'test/integration/c.int-spec.ts',
    ]);
    expect(tests.map(({ name }) => name)).toEqual(['long', 'quick', 'none']);
  });

  it('counts the files that ran at once, and the end at which fewer did', () => {
    expect(times(fast, late, slow)).toMatchObject({ wallMs: 9_000, tailMs: 6_000 });
    expect(times(fast, late, slow).atOnce).toBeCloseTo(12 / 9);
    expect(times(slow)).toMatchObject({ atOnce: 1, tailMs: 0 });
    expect(times()).toMatchObject({ wallMs: 0, atOnce: 0, tailMs: 0, files: [] });
  });

  it('takes tests of one file that ran at the same time once', () => {
    const both = [test('one', 1_000, 4_000), test('two', 2_000, 6_000), test('three', 9_000, 500)];
    const { files } = times(file('test/e2e/d.e2e-spec.ts', [0, 10_000], ...both));
    expect(files[0]).toMatchObject({ ms: 10_000, setUpMs: 2_500 });
  });

  it('is the sum of the tests where nobody says when they began, and never below nothing', () => {
    const [one, two] = [test('one', null, 4_000), test('two', null, 7_000)];
    const { files } = times(file('test/e2e/d.e2e-spec.ts', [0, 12_000], one, two));
    expect(files[0]!.setUpMs).toBe(1_000);
    expect(times(file('src/e.spec.ts', [0, 9_000], one, two)).files[0]!.setUpMs).toBe(0);
  });
});

describe('the list of slow files', () => {
  const before = { 'src/a.spec.ts': 12, 'src/gone.spec.ts': 90, 'test/not-run.ts': 30 };
  const isThere = (path: string) => path !== 'src/gone.spec.ts';

  it('has what was measured now, keeps what was not, and drops what is fast or gone', () => {
    const { files } = times(fast, late, slow);
    expect(keepSlow(before, files, { seconds: 9, isThere })).toEqual({
      'test/e2e/b.e2e-spec.ts': 9,
      'test/not-run.ts': 30,
    });
  });
});
