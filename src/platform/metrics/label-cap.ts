/**
 * Keeps a label whose values come from outside (tenants above all) from growing without end: the
 * first values keep their names, every later one counts under `other`.
 */
export function labelCap(maxValues: number, overflow = 'other'): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= maxValues) return overflow;
    known.add(value);
    return value;
  };
}

/** More tenants than this make every labelled series too dear to keep. */
export const TENANT_LABELS = 100;
