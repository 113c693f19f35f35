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

export type StoredCategory = (typeof AUDIT_CATEGORIES)[number];

/** What types of events said before; `storedCategory` knows what each is now. */
type FormerCategory = 'deployments' | 'approvals' | 'releases' | 'fleet' | 'tenancy';

export type AuditCategory = StoredCategory | FormerCategory;

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

const subjectsOfTenancy: Readonly<Record<string, StoredCategory>> = {
  role: 'authorization',
  'role-binding': 'authorization',
  group: 'authorization',
  tenant: 'tenant',
  tier: 'tenant',
};

/**
 * The one place that knows where an entry belongs whose type of event names a former category. Entries
 * that were written before were moved so by their migration.
 */
export function storedCategory({
  category,
  action,
  subject,
}: Pick<AuditRecord, 'category' | 'action' | 'subject'>): StoredCategory {
  switch (category) {
    case 'deployments':
      return action.startsWith('rollback-') ? 'rollback' : 'deployment';
    case 'approvals':
      return 'approval';
    case 'releases':
      return subject.kind === 'configuration' ? 'configuration' : 'release';
    case 'fleet':
      return subject.kind === 'node' ? 'node' : 'configuration';
    case 'tenancy':
      return subjectsOfTenancy[subject.kind] ?? 'access';
    default:
      return category;
  }
}
