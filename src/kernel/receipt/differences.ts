import { isFields } from './stated-entry.js';

const MOST = 10;

/** JSON pointers of where two values differ: the first few. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  if (isFields(one) && isFields(other)) {
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
    return names
      .flatMap((name) => differences(one[name], other[name], `${path}/${name}`))
      .slice(0, MOST);
  }
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    return one.flatMap((each, at) => differences(each, other[at], `${path}/${at}`)).slice(0, MOST);
  }
  return Object.is(one, other) ? [] : [path || '/'];
}
