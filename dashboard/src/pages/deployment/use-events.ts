import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type DeploymentEvent, EVENTS_AT_ONCE, eventsQuery } from '../../api/deployments.ts';

/** The journal so far, and on from the last sequence seen as soon as there is more. */
export function useEvents(id: string, sequence: number) {
  const query = useInfiniteQuery(eventsQuery(id));
  const { data, fetchNextPage, isFetching, error } = query;
  const events: readonly DeploymentEvent[] = data?.pages.flatMap(({ items }) => items) ?? [];
  const seen = events.at(-1)?.sequence ?? 0;
  const isFull = data?.pages.at(-1)?.items.length === EVENTS_AT_ONCE;
  useEffect(() => {
    // Once for each sequence that is heard of: what does not come then comes with the next one.
    if (!isFetching && !error && (isFull || seen < sequence)) void fetchNextPage();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [sequence, seen, isFull]);
  return { query, events };
}
