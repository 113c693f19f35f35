/** How things are shown. Views are pure functions of what they show and of this. */
export interface Style {
  /** The width of the terminal, to which lines are broken; Infinity where there is none: files keep lines whole. */
  readonly columns: number;
  readonly hasColor: boolean;
  readonly isUtc: boolean;
}

export type Tone = 'good' | 'bad' | 'busy' | 'faint';
const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, busy: 33, faint: 2 };

export function toned(text: string, tone: Tone | null, { hasColor }: Style): string {
  return hasColor && tone ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text;
}

export function toneOfStatus(status: string): Tone | null {
  if (status === 'Succeeded') return 'good';
  if (['Failed', 'RolledBack', 'RollbackFailed', 'Rejected'].includes(status)) return 'bad';
  if (['Paused', 'PendingApproval', 'RollingBack', 'Cancelled'].includes(status)) return 'busy';
  return null;
}
