import type { EntryFilter, EntryRow } from '../entries/entries.views.js';

/** What the statements of `entries.views` choose, of an entry that is in no table. Pure. */
export function isChosen(row: EntryRow, filter: EntryFilter): boolean {
  const is = <T>(wanted: T | null, value: T | null) => wanted === null || wanted === value;
  return (
    row.at >= filter.from &&
    row.at < filter.to &&
    (filter.category === null || filter.category === row.category) &&
    is(filter.action, row.action) &&
    is(filter.actor, row.actor) &&
    is(filter.subject, row.subjectId) &&
    (filter.personId === null || isOf(filter.personId, row)) &&
    is(filter.result, row.result) &&
    is(filter.deploymentId, row.deploymentId) &&
    is(filter.releaseId, row.releaseId) &&
    is(filter.traceId, row.traceId)
  );
}

/** Who acted, or for whom a key did. */
function isOf(personId: string, { actorKind, actorId, actingFor }: EntryRow): boolean {
  const acts = actorKind === 'user' || actorKind === 'access-key';
  return acts && (actingFor ?? actorId) === personId;
}
