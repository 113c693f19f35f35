import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiProblem, api, bodyOf, type Schemas } from './client.ts';

/** Null: nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Schemas['SignedInUser'] | null> => {
    try {
      return await bodyOf(api.GET('/api/v1/authentication/me'));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 30_000,
});

export const tenantsQuery = queryOptions({
  queryKey: ['me', 'tenants'],
  queryFn: () => bodyOf(api.GET('/api/v1/me/tenants')),
  staleTime: 300_000,
});

export const sessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: () => bodyOf(api.GET('/api/v1/me/sessions')),
});

export type Permission = Schemas['SignedInUser']['permissions'][number];

export function useMe() {
  return useQuery(meQuery).data ?? null;
}

/** Whether they hold it for anything at all: what to show. Whether for this one: `canQuery`. */
export function useHolds(permission: Permission): boolean {
  return useMe()?.permissions.includes(permission) ?? false;
}

interface Target {
  readonly permission: Permission;
  readonly module: string;
  readonly environment: string;
}

export const canQuery = (query: Target) =>
  queryOptions({
    queryKey: ['me', 'can', query],
    queryFn: () => bodyOf(api.GET('/api/v1/me/can', { params: { query } })),
    staleTime: 60_000,
  });

/** What was seen as somebody else is not shown to whoever comes next. */
export function useForget() {
  const queries = useQueryClient();
  return (user: Schemas['SignedInUser'] | null) => {
    queries.removeQueries({
      predicate: ({ queryKey }) => queryKey[0] !== 'me' || queryKey.length > 1,
    });
    queries.setQueryData(meQuery.queryKey, user);
  };
}
