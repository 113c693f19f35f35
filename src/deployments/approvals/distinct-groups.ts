import type { DistinctGroups, People } from './rule.js';

/**
 * Of how many different ones of the groups the people are, where each person stands for one group and each
 * group for one person: a maximum matching. Whoever is in two groups cannot be both voices, and taking them for
 * the wrong one must not hide that they could have been the other.
 */
export function groupsReached(
  personIds: Iterable<string>,
  people: People,
  { groups }: Pick<DistinctGroups, 'groups'>,
): number {
  const wanted = new Set(groups);
  const voices = [...new Set(personIds)].map(
    (id) => people.get(id)?.groups.filter((group) => wanted.has(group)) ?? [],
  );
  return matching(voices);
}

/** Augmenting paths: whoever has a group already moves to another one, if that frees it. */
function matching(voices: readonly (readonly string[])[]): number {
  const takenBy = new Map<string, number>();
  const place = (voice: number, seen: Set<string>): boolean =>
    (voices[voice] ?? []).some((group) => {
      if (seen.has(group)) return false;
      seen.add(group);
      const holder = takenBy.get(group);
      if (holder !== undefined && !place(holder, seen)) return false;
      takenBy.set(group, voice);
      return true;
    });
  let reached = 0;
  for (let voice = 0; voice < voices.length; voice += 1) {
    if (place(voice, new Set())) reached += 1;
  }
  return reached;
}
