import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './client.ts';
import { meQuery } from './session.ts';

/** Whoever is refused for good is not asked again; what did not answer is, three times. */
const isWorthAnother = (count: number, error: Error) =>
  count < 3 && (!(error instanceof ApiProblem) || error.status === 0 || error.status >= 500);

/** State of the server lives here and nowhere else. */
export function makeQueries(): QueryClient {
  const onError = (error: Error) => {
    // Somebody has ended the session: the shell asks for a new one.
    if (error instanceof ApiProblem && error.code === 'unauthenticated') {
      queries.setQueryData(meQuery.queryKey, null);
    }
  };
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: { retry: isWorthAnother, staleTime: 5_000, refetchOnWindowFocus: true },
    },
  });
  return queries;
}
