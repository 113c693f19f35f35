import { queryOptions } from '@tanstack/react-query';
import { api, bodyOf, type Schemas } from './client.ts';

export type AttentionItem = Schemas['AttentionItem'];

/** What goes on only when a person does something, over all environments: what may be read, newest first. */
export const attentionQuery = (limit: number) =>
  queryOptions({
    queryKey: ['attention', limit],
    queryFn: () => bodyOf(api.GET('/api/v1/attention', { params: { query: { limit } } })),
  });
