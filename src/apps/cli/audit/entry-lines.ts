import { printable } from '../display/printable.js';
import { timeText } from '../display/times.js';

/** What an entry says, of what a server tells as well as of what was hashed: there, names are left out. */
export interface ShownEntry {
  readonly id?: unknown;
  readonly at?: unknown;
  readonly category?: unknown;
  readonly action?: unknown;
  readonly outcome?: unknown;
  readonly actor?: { readonly kind?: unknown; readonly id?: unknown; readonly name?: unknown };
  readonly actingFor?: unknown;
  readonly subject?: { readonly kind?: unknown; readonly id?: unknown };
  readonly sourceAddress?: unknown;
  readonly userAgent?: unknown;
  readonly requestId?: unknown;
  readonly traceId?: unknown;
  readonly releaseId?: unknown;
  readonly deploymentId?: unknown;
  readonly body?: unknown;
  readonly sequence?: unknown;
}

export function entryLines(entry: ShownEntry, isUtc: boolean): string[] {
  const { actor = {}, subject = {} } = entry;
  const facts: readonly (readonly [string, unknown])[] = [
    ['entry', entry.id],
    ['sequence', entry.sequence],
    ['at', typeof entry.at === 'string' ? timeText(entry.at, isUtc) : undefined],
    ['action', `${word(entry.action)} (${word(entry.category)}, ${word(entry.outcome)})`],
    ['who', [actor.name, actor.kind, actor.id].map(word).filter(Boolean).join(' ')],
    ['for', entry.actingFor],
    ['what', [subject.kind, subject.id].map(word).filter(Boolean).join(' ')],
    ['from', [entry.sourceAddress, entry.userAgent].map(word).filter(Boolean).join(' ')],
    ['request', entry.requestId],
    ['trace', entry.traceId],
    ['release', entry.releaseId],
    ['deployment', entry.deploymentId],
    ['details', entry.body],
  ];
  return facts.flatMap(([name, value]) => {
    const text = word(value);
    return text === '' ? [] : [printable(`${name.padEnd(11)} ${text}`)];
  });
}

function word(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
