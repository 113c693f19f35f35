import fc from 'fast-check';
import { leavesOf, valueDiff, type Difference } from './value-diff.js';

const changesOf = (before: unknown, after: unknown) => valueDiff(before, after).changes;

describe('the difference of two values', () => {
  it('names the place as a JSON pointer, and what was and will be there', () => {
    const before = { health: { path: '/healthz', timeoutMs: 1000 }, args: ['a', 'b'] };
    const after = { health: { path: '/ready', timeoutMs: 1000 }, args: ['a', 'c', 'd'] };
    expect(changesOf(before, after)).toEqual([
      { path: '/args/1', change: 'changed', before: 'b', after: 'c', isCut: false },
      { path: '/args/2', change: 'added', before: null, after: 'd', isCut: false },
      {
        path: '/health/path',
        change: 'changed',
        before: '/healthz',
        after: '/ready',
        isCut: false,
      },
    ]);
  });

  it('tells a text from a number, null from nothing, a list from an object', () => {
    expect(changesOf({ a: 1 }, { a: '1' })).toMatchObject([{ before: 1, after: '1' }]);
    expect(changesOf({}, { a: null })).toMatchObject([{ change: 'added', after: null }]);
    expect(changesOf({ a: null }, {})).toMatchObject([{ change: 'removed', before: null }]);
    expect(changesOf({ a: [] }, { a: {} }).map(({ change }) => change)).toEqual([
      'removed',
      'added',
    ]);
    expect(changesOf({ a: 1 }, { a: { b: 2 } })).toMatchObject([
      { path: '/a', change: 'removed', before: 1 },
      { path: '/a/b', change: 'added', after: 2 },
    ]);
  });

  it('shows all of what comes where nothing was', () => {
    expect(changesOf(undefined, { a: { b: 1 }, c: {} })).toEqual([
      { path: '/a/b', change: 'added', before: null, after: 1, isCut: false },
      { path: '/c', change: 'added', before: null, after: {}, isCut: false },
    ]);
  });

  it('escapes names, and finds nothing that is not in the value itself', () => {
    expect(changesOf({}, { 'a/b~c': 1 })).toMatchObject([{ path: '/a~1b~0c' }]);
    const before = JSON.parse('{"__proto__": {"x": 1}}') as unknown;
    expect(changesOf(before, {})).toMatchObject([{ path: '/__proto__/x', change: 'removed' }]);
    expect(changesOf({}, { toString: 'x' })).toMatchObject([{ change: 'added' }]);
  });

  it('shows of long texts where they part, and never two that look alike', () => {
    const same = 'x'.repeat(3_000);
    const [change] = changesOf({ a: `${same}1${same}` }, { a: `${same}2${same}` });
    expect(change).toMatchObject({ isCut: true, change: 'changed' });
    expect(change!.before).toMatch(/^…x{40}1x+…$/);
    expect(change!.after).toMatch(/^…x{40}2x+…$/);
    const [longer] = changesOf({ a: same }, { a: `${same}tail` });
    expect(longer!.before).not.toBe(longer!.after);
  });

  it('cuts between characters, never through one', () => {
    const [added] = changesOf({}, { a: '😀'.repeat(1_000) });
    expect(added!.after).toBe(`${'😀'.repeat(400)}…`);
  });

  it('says how many more there are than it shows', () => {
    const many = Object.fromEntries(Array.from({ length: 2_050 }, (_, at) => [`k${at}`, at]));
    const { changes, more } = valueDiff({}, many);
    expect({ shown: changes.length, more }).toEqual({ shown: 2_000, more: 50 });
  });
});

describe('for any two values', () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  /** Two that have most in common, as two versions of a manifest have. */
  const pair = fc.oneof(
    fc.tuple(value, value),
    fc
      .tuple(fc.dictionary(fc.string(), value), fc.dictionary(fc.string(), value))
      .map(([common, own]) => [common, { ...common, ...own }] as const),
  );

  it('there is no difference exactly when they are the same', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const isSame = same(before, after);
        expect(changesOf(before, after).length === 0).toBe(isSame);
        expect(changesOf(before, before)).toEqual([]);
      }),
    );
  });

  it('each change is true of both, and what is not named is the same in both', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const [left, right] = [new Map(leavesOf(before)), new Map(leavesOf(after))];
        const changes = changesOf(before, after);
        for (const change of changes) expectTrue(change, left, right);
        const removed = new Set(pathsOf(changes, 'added'));
        const added = new Set(pathsOf(changes, 'removed'));
        for (const [path, leaf] of left) {
          if (removed.has(path) || added.has(path) || isFilled(leaf, path, right)) continue;
          expect({ path, leaf: right.get(path) }).toEqual({ path, leaf });
        }
        for (const [path, leaf] of right) {
          if (removed.has(path) || added.has(path) || isFilled(leaf, path, left)) continue;
          expect({ path, leaf: left.get(path) }).toEqual({ path, leaf });
        }
      }),
    );
  });

  it('the way back shows the same, the other way round', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const turned = changesOf(after, before).map((change) => ({
          ...change,
          change: turnedOf(change),
          before: change.after,
          after: change.before,
        }));
        const byPlace = (one: Difference, other: Difference) =>
          compare(`${one.path} ${one.change}`, `${other.path} ${other.change}`);
        expect([...changesOf(before, after)].sort(byPlace)).toEqual(turned.sort(byPlace));
      }),
    );
  });

  it('two texts are never shown alike, however long', () => {
    const long = fc.tuple(
      fc.string({ unit: 'binary', maxLength: 1_500 }),
      fc.string(),
      fc.string(),
    );
    fc.assert(
      fc.property(long, ([common, one, other]) => {
        fc.pre(one !== other);
        const [change] = changesOf(common.repeat(3) + one, common.repeat(3) + other);
        expect(change!.before).not.toEqual(change!.after);
      }),
    );
  });
});

/** −0 is 0 in JSON. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const names = Object.keys(value).sort();
  return { names: names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]) };
}

function expectTrue(change: Difference, left: Map<string, unknown>, right: Map<string, unknown>) {
  const { path, before, after, isCut } = change;
  if (isCut) return;
  const is = change.change;
  if (is !== 'added') expect(left.get(path)).toEqual(before);
  if (is !== 'removed') expect(right.get(path)).toEqual(after);
  if (is === 'changed') expect(before).not.toEqual(after);
}

function pathsOf(changes: readonly Difference[], not: Difference['change']): string[] {
  return changes.filter(({ change }) => change !== not).map(({ path }) => path);
}

/** An object that was empty and is not any more: what came into it is named instead. */
function isFilled(leaf: unknown, path: string, other: Map<string, unknown>): boolean {
  if (typeof leaf !== 'object' || leaf === null) return false;
  return [...other.keys()].some((each) => each.startsWith(`${path}/`));
}

function turnedOf({ change }: Difference): Difference['change'] {
  if (change === 'changed') return change;
  return change === 'added' ? 'removed' : 'added';
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
