import { errorEntry } from './error-entry.js';

/** What quotas can answer. */

export const quotaExceeded = errorEntry({
  code: 'quota-exceeded',
  kind: 'limit',
  meaning:
    'A quota of the tenant is used up. `details` name the quota, its use and limit, and when it resets (`resetsAt`; null: never). A platform admin can raise it. Rollbacks are never refused by a quota.',
  tell: (refused: {
    readonly quota: string;
    readonly use: number;
    readonly limit: number;
    readonly asked: number;
    readonly resetsAt: Date | null;
    readonly nowMs: number;
  }) => {
    const { quota, use, limit, asked, resetsAt, nowMs } = refused;
    const until = resetsAt
      ? `It resets at ${resetsAt.toISOString()}.`
      : 'It does not reset: remove what nobody needs.';
    return {
      text: `The quota "${quota}" is used up: ${use} of ${limit} are in use, and ${asked} more were asked for. ${until} A platform admin can raise it with the tenant's subscription.`,
      details: {
        quota,
        use,
        limit,
        asked,
        resetsAt: resetsAt?.toISOString() ?? null,
        raisedBy: 'platform-admin',
        ...(resetsAt
          ? { retryAfterSeconds: Math.max(1, Math.ceil((resetsAt.getTime() - nowMs) / 1_000)) }
          : {}),
      },
    };
  },
});
