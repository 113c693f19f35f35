import type { Attribute } from './attributes.js';
import type { AttributePath, Comparison, Filter, Literal } from './filter.js';
import type { Complex, Resource, Simple, Value } from './resource.js';

/** Whether the filter holds of it; of an attribute with many values, of some of them. */
export function matches(filter: Filter, resource: Resource | Complex): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(filter.left, resource) && matches(filter.right, resource);
    case 'or':
      return matches(filter.left, resource) || matches(filter.right, resource);
    case 'not':
      return !matches(filter.inner, resource);
    case 'present':
      return valuesAt(filter.path, resource).length > 0;
    case 'some':
      return listOf(resource[filter.attribute.name]).some((each) => matches(filter.inner, each));
    case 'compare':
      return compared(filter, resource);
  }
}

function compared(
  { path, by, value }: Extract<Filter, { kind: 'compare' }>,
  resource: Resource | Complex,
): boolean {
  const values = valuesAt(path, resource);
  // Nothing equals nothing.
  if (value === null) return by === 'eq' ? values.length === 0 : by === 'ne' && values.length > 0;
  const { caseExact } = simpleOf(path);
  if (by === 'ne') return !values.some((each) => holds('eq', each, { value, caseExact }));
  return values.some((each) => holds(by, each, { value, caseExact }));
}

function holds(
  by: Comparison,
  own: Simple,
  { value, caseExact }: { readonly value: Literal; readonly caseExact: boolean },
): boolean {
  if (typeof own === 'boolean') {
    const asked = typeof value === 'string' ? value.toLowerCase() === 'true' : value;
    return by === 'eq' && own === asked;
  }
  if (typeof value !== 'string') return false;
  const [left, right] = caseExact ? [own, value] : [keyOf(own), keyOf(value)];
  switch (by) {
    case 'eq':
      return left === right;
    case 'co':
      return left.includes(right);
    case 'sw':
      return left.startsWith(right);
    case 'ew':
      return left.endsWith(right);
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    default:
      return false;
  }
}

/** Of `emails` alone: of its `value`, as RFC 7643 has it. */
function simpleOf({ attribute, part }: AttributePath): Attribute {
  return part ?? attribute.subAttributes?.find(({ name }) => name === 'value') ?? attribute;
}

function valuesAt(path: AttributePath, resource: Resource | Complex): Simple[] {
  const value = resource[path.attribute.name];
  if (value === undefined) return [];
  if (typeof value !== 'object') return [value];
  if (path.part === undefined && !Array.isArray(value)) return Object.values(value as Complex);
  const { name } = simpleOf(path);
  return listOf(value).flatMap((each) => (each[name] === undefined ? [] : [each[name]]));
}

function listOf(value: Value | undefined): readonly Complex[] {
  if (value === undefined || typeof value !== 'object') return [];
  return Array.isArray(value) ? (value as readonly Complex[]) : [value as Complex];
}

/** Spelled as names of accounts are compared. */
function keyOf(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
