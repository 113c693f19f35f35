import type { Filter } from './filter.js';

/**
 * What must hold of everything that the filter lets through, as `userName eq "…"` does alone or joined by
 * `and`: an index is asked with it, and the whole filter decides about what that has found. By the names
 * of attributes.
 */
export function knownTerms(filter: Filter): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  const walk = (each: Filter): void => {
    if (each.kind === 'and') {
      walk(each.left);
      walk(each.right);
    } else if (each.kind === 'compare' && each.by === 'eq' && !each.path.part) {
      const { attribute } = each.path;
      const isSimple = attribute.type === 'string' && !attribute.multiValued;
      if (isSimple && typeof each.value === 'string') known.set(attribute.name, each.value);
    }
  };
  walk(filter);
  return known;
}
