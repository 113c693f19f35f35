/**
 * What differs between two JSON values, place by place, for people who sign the second one. Complete, or
 * it says how much is missing: a change that nobody is shown must not look as if there were none.
 */
export type Leaf = string | number | boolean | null | string[] | Record<string, never>;

export interface Difference {
  /** A JSON pointer (RFC 6901): `/health/path`. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Null also where there was nothing: `change` says which. */
  readonly before: Leaf;
  readonly after: Leaf;
  /** The texts are longer than they are shown; what is shown begins just before they differ. */
  readonly isCut: boolean;
}

export interface ValueDiff {
  readonly changes: Difference[];
  /** So many more differ and are not shown. */
  readonly more: number;
}

/** More than a manifest of 64 KiB can hold; a reader who is shown fewer is told so. */
const MOST_CHANGES = 2_000;
/** Of a text: a command or an address as a whole, the beginning of a certificate. */
const SHOWN_CHARACTERS = 400;
/** Before the place where two texts part, so that it can be recognised. */
const LEAD_CHARACTERS = 40;

/** Undefined: there was nothing, so that all of it is added; or there will be nothing. */
export function valueDiff(before: unknown, after: unknown): ValueDiff {
  const changes: Difference[] = [];
  compare(before, after, '', changes);
  return {
    changes: changes.slice(0, MOST_CHANGES),
    more: Math.max(0, changes.length - MOST_CHANGES),
  };
}

function compare(before: unknown, after: unknown, path: string, into: Difference[]): void {
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const name of namesOf(before, after)) {
      compare(member(before, name), member(after, name), `${path}/${escaped(name)}`, into);
    }
    return;
  }
  const [left, right] = [leaf(before), leaf(after)];
  if (left !== undefined && right !== undefined) {
    if (left !== right) into.push(changed(path, left, right));
    return;
  }
  for (const [at, value] of leavesOf(before, path)) into.push(one(at, 'removed', value));
  for (const [at, value] of leavesOf(after, path)) into.push(one(at, 'added', value));
}

/** Every value that holds no other, with where it is. Of what is not there: none. */
export function* leavesOf(value: unknown, path = ''): Generator<readonly [string, Leaf]> {
  if (value === undefined) return;
  if (!isContainer(value) || namesOf(value).length === 0) {
    yield [path, value as Leaf];
    return;
  }
  for (const name of namesOf(value)) {
    yield* leavesOf(member(value, name), `${path}/${escaped(name)}`);
  }
}

function changed(path: string, before: Leaf, after: Leaf): Difference {
  if (typeof before !== 'string' || typeof after !== 'string') {
    const [left, right] = [shown(before), shown(after)];
    const isCut = left !== before || right !== after;
    return { path, change: 'changed', before: left, after: right, isCut };
  }
  const [left, right] = [[...before], [...after]];
  const isLong = Math.max(left.length, right.length) > SHOWN_CHARACTERS;
  if (!isLong) return { path, change: 'changed', before, after, isCut: false };
  let same = 0;
  while (same < left.length && left[same] === right[same]) same += 1;
  const from = Math.max(0, same - LEAD_CHARACTERS);
  return {
    path,
    change: 'changed',
    before: windowOf(left, from),
    after: windowOf(right, from),
    isCut: true,
  };
}

function one(path: string, change: 'added' | 'removed', value: Leaf): Difference {
  const text = shown(value);
  const isCut = text !== value;
  return change === 'added'
    ? { path, change, before: null, after: text, isCut }
    : { path, change, before: text, after: null, isCut };
}

function shown(value: Leaf): Leaf {
  if (typeof value !== 'string' || value.length <= SHOWN_CHARACTERS) return value;
  const characters = [...value];
  return characters.length <= SHOWN_CHARACTERS ? value : windowOf(characters, 0);
}

function windowOf(characters: readonly string[], from: number): string {
  const to = from + SHOWN_CHARACTERS;
  const text = characters.slice(from, to).join('');
  return `${from > 0 ? '…' : ''}${text}${characters.length > to ? '…' : ''}`;
}

type Container = readonly unknown[] | Readonly<Record<string, unknown>>;

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** A value that holds nothing to look into; undefined also where there is none. */
function leaf(value: unknown): string | number | boolean | null | undefined {
  return isContainer(value) ? undefined : (value as string | number | boolean | null | undefined);
}

/** Of one list or two: by position. Of objects: in the order of their names. */
function namesOf(...containers: readonly Container[]): string[] {
  const names = new Set(containers.flatMap((each) => Object.keys(each)));
  return containers.some((each) => Array.isArray(each)) ? [...names] : [...names].sort();
}

/** What an object has itself: nothing is ever found that its text did not say. */
function member(container: object, name: string): unknown {
  return Object.hasOwn(container, name) ? (container as Record<string, unknown>)[name] : undefined;
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
