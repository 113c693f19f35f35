import { DomainError } from './errors.js';

export interface RegistryEntry {
  readonly kind: string;
  readonly title: string;
}

/**
 * A readable list of everything of one sort that exists (strategies, steps, gates, …).
 * Extending is one file and one line in such a list; an unknown kind names the known ones.
 */
export interface Registry<E extends RegistryEntry> {
  readonly noun: string;
  readonly kinds: readonly string[];
  all(): readonly E[];
  has(kind: string): boolean;
  /** Throws DomainError `unknown-<noun>` (kind invalid) that lists the known kinds. */
  get(kind: string): E;
}

export function registry<E extends RegistryEntry>(
  noun: string,
  entries: readonly E[],
): Registry<E> {
  const byKind = new Map<string, E>();
  for (const entry of entries) {
    if (byKind.has(entry.kind)) throw new Error(`duplicate ${noun} "${entry.kind}"`);
    byKind.set(entry.kind, entry);
  }
  const kinds = [...byKind.keys()];
  return {
    noun,
    kinds,
    all: () => entries,
    has: (kind) => byKind.has(kind),
    get: (kind) => {
      const entry = byKind.get(kind);
      if (entry) return entry;
      throw new DomainError(
        'invalid',
        `unknown-${noun.replaceAll(' ', '-')}`,
        `Unknown ${noun} "${kind}". Known: ${kinds.join(', ')}.`,
        { details: { kind, known: kinds } },
      );
    },
  };
}
