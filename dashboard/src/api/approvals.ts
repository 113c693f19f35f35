import { queryOptions } from '@tanstack/react-query';
import { api, bodyOf, type Schemas } from './client.ts';

export type ApprovalSubject = Schemas['ApprovalSubject'];
export type PendingApproval = Schemas['PendingApproval'];

export const pendingQuery = (mine: boolean, cursor?: string) =>
  queryOptions({
    queryKey: ['approvals', 'pending', mine, cursor ?? null],
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/approvals/pending', {
          params: {
            query: { limit: 50, ...(mine ? { mine: 'true' } : {}), ...(cursor ? { cursor } : {}) },
          },
        }),
      ),
  });

export const subjectQuery = (deploymentId: string) =>
  queryOptions({
    queryKey: ['approvals', 'subject', deploymentId],
    queryFn: () =>
      bodyOf(
        api.GET('/api/v1/approvals/deployments/{deploymentId}/subject', {
          params: { path: { deploymentId } },
        }),
      ),
  });
