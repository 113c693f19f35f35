export type AuditCategory =
  'authentication' | 'deployments' | 'approvals' | 'releases' | 'fleet' | 'tenancy' | 'settings';

export interface AuditRecord {
  readonly category: AuditCategory;
  /** A past-tense verb in kebab-case: `deployment-created`. */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly result?: 'allowed' | 'denied' | 'failed';
  /** Strings, booleans, null, safe integers. Never a secret. */
  readonly body?: Readonly<Record<string, unknown>>;
}
