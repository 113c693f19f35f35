/** The month of that time in UTC: `2026-11`. */
export function monthOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 7);
}

/** Its first moment. */
export function startOfMonth(month: string): Date {
  return new Date(`${month}-01T00:00:00.000Z`);
}

/** The first moment of the month that follows. */
export function endOfMonth(month: string): Date {
  const start = startOfMonth(month);
  return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1));
}

/** Its first and its last day. */
export function daysOfMonth(month: string): { readonly from: string; readonly to: string } {
  const last = new Date(endOfMonth(month).getTime() - 1);
  return { from: `${month}-01`, to: last.toISOString().slice(0, 10) };
}
