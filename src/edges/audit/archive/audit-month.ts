/** A month of the log as a time; all of it UTC. Pure. */
export interface AuditMonth {
  readonly from: Date;
  /** Its entries are older than this. */
  readonly to: Date;
}

export function monthOf(name: string): AuditMonth {
  const [year, month] = name.split('-').map(Number) as [number, number];
  return { from: new Date(Date.UTC(year, month - 1)), to: new Date(Date.UTC(year, month)) };
}

/** An id that was made at that moment sorts behind it, and each that was made before sorts ahead. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
