/** Where the log keeps an entry. */
export const AUDIT_CATEGORIES = [
  'deployment',
  'approval',
  'rollback',
  'configuration',
  'authentication',
  'authorization',
  'access',
  'tenant',
  'release',
  'node',
  'settings',
] as const;

export type AuditCategory = (typeof AUDIT_CATEGORIES)[number];

export interface AuditRecord {
  readonly category: AuditCategory;
  /** A past-tense verb in kebab-case: `deployment-created`. */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly result?: 'allowed' | 'denied' | 'failed';
  /**
   * Strings, booleans, null, safe integers. Never a secret. What was changed says `before` and `after`.
   */
  readonly body?: Readonly<Record<string, unknown>>;
}
