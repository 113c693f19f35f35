import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, bodyOf, type Schemas } from './client.ts';

export type Deployment = Schemas['Deployment'];
export type DeploymentSummary = Schemas['DeploymentSummary'];
export type DeploymentStatus = DeploymentSummary['status'];
export type DeploymentEvent = Schemas['DeploymentEvent'];

export const STATUSES = [
  'Pending',
  'PendingApproval',
  'Running',
  'Paused',
  'RollingBack',
  'Succeeded',
  'Failed',
  'RolledBack',
  'RollbackFailed',
  'Cancelled',
  'Rejected',
] as const;
export const IN_FLIGHT: readonly string[] = ['Running', 'Paused', 'RollingBack', 'Pending'];
export const WENT_WRONG: readonly string[] = ['Failed', 'RolledBack', 'RollbackFailed'];
export const isOver = (status: string) => STATUSES.indexOf(status as never) >= 5;

export interface DeploymentFilter {
  /** One, or several with commas between. */
  readonly status?: string | undefined;
  readonly environment?: string | undefined;
  readonly module?: string | undefined;
}

/** A page of the list, as the server orders and filters it. */
export const deploymentsQuery = (filter: DeploymentFilter, cursor?: string, limit = 50) =>
  queryOptions({
    queryKey: ['deployments', filter, cursor ?? null, limit],
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/deployments', {
          params: { query: { ...filter, limit, ...(cursor ? { cursor } : {}) } },
        }),
      ),
  });

export const deploymentQuery = (id: string) =>
  queryOptions({
    queryKey: ['deployment', id],
    queryFn: () => bodyOf(api.GET('/api/v1/deployments/{id}', { params: { path: { id } } })),
  });

export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ['deployment', id, 'plan'],
    queryFn: () => bodyOf(api.GET('/api/v1/deployments/{id}/plan', { params: { path: { id } } })),
  });

export const explainQuery = (id: string) =>
  queryOptions({
    queryKey: ['deployment', id, 'explain'],
    queryFn: () =>
      bodyOf(api.GET('/api/v1/deployments/{id}/explain', { params: { path: { id } } })),
  });

export const EVENTS_AT_ONCE = 200;

/** The journal, from its beginning: what came since is the next page after the last sequence seen. */
export const eventsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['events', id],
    initialPageParam: 0,
    queryFn: ({ pageParam: after }) =>
      bodyOf(
        api.GET('/api/v1/deployments/{id}/events', {
          params: { path: { id }, query: { after, limit: EVENTS_AT_ONCE } },
        }),
      ),
    // There is always more to come: what is new is asked for when the deployment's sequence has grown.
    getNextPageParam: ({ items }, _pages, after) => items.at(-1)?.sequence ?? after,
    staleTime: Infinity,
  });

export const environmentsQuery = queryOptions({
  queryKey: ['environments'],
  queryFn: () => bodyOf(api.GET('/api/v1/environments')),
  staleTime: 60_000,
});

export const modulesQuery = queryOptions({
  queryKey: ['modules'],
  queryFn: () => bodyOf(api.GET('/api/v1/modules')),
  staleTime: 60_000,
});

export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: () => bodyOf(api.GET('/api/v1/nodes')),
});

/** The latest look of a gate: each measure with what is allowed. Null: nobody has looked yet. */
export interface Measure {
  readonly value: number | null;
  readonly allowed: number | null;
  readonly baseline?: number | null;
}
export interface Reading {
  readonly unit?: 'percent';
  readonly ageS: number;
  readonly requests: number;
  readonly errors: Measure;
  readonly latency: Measure;
  readonly cpu: Measure;
  readonly memory: Measure;
  readonly leak?: Measure;
  readonly checks: number;
  readonly consecutiveGood: number;
}
export const readingOf = (reading: object | null | undefined) =>
  reading && 'errors' in reading ? (reading as Reading) : null;
