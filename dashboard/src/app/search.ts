import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

type Texts = Readonly<Record<string, string | undefined>>;

/** Filters, tabs and selections: they live in the address, so that a link shows what its sender saw. */
export function useAddress(): readonly [Texts, (changes: Texts) => void] {
  const search: Texts = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changes: Texts) => {
      const next = (before: Texts) =>
        Object.fromEntries(
          Object.entries({ ...before, ...changes }).filter(
            ([, value]) => value !== undefined && value !== '',
          ),
        );
      void navigate({ to: '.', search: next, replace: true });
    },
    [navigate],
  );
  return [search, change];
}
