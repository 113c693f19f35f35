/** Who is barred from deciding about a deployment, because it is their own work. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ApprovalRule, Bar, Barred } from '../rule.js';

/** A deployment's spec, as far as it says whose work it is. */
export interface AuthoredSpec {
  readonly approvals: readonly Pick<ApprovalRule, 'bars'>[];
  readonly release: { readonly id: string };
  readonly configuration: { readonly id: string } | null;
}

/**
 * The person behind a row's `created_by`: who they are, since there is a column for it; before, whoever was
 * called that, and of a key all makers of keys of that name: too many rather than one too few.
 * Fragment: :tenantId.
 */
export const authorsOf = (table: 'releases' | 'configurations', id: string) => `array(
  select w.created_by_person from ${table} w
    where w.tenant_id = :tenantId and w.id = ${id} and w.created_by_person is not null
  union
  select u.id from ${table} w join users u on u.username = w.created_by
    where w.tenant_id = :tenantId and w.id = ${id} and w.created_by_person is null
  union
  select k.maker_id from ${table} w
    join access_keys k on k.tenant_id = w.tenant_id and 'key:' || k.name = w.created_by
    where w.tenant_id = :tenantId and w.id = ${id} and w.created_by_person is null)`;

const findAuthors = statement<
  {
    readonly tenantId: string;
    readonly releaseId: string;
    readonly configurationId: string | null;
  },
  { readonly release: readonly string[]; readonly configuration: readonly string[] }
>(
  'approvals.find-authors',
  `select ${authorsOf('releases', ':releaseId')} as release,
     ${authorsOf('configurations', ':configurationId')} as configuration`,
);

const OF_AUTHORS: readonly Bar[] = ['release-author', 'configuration-editor'];

/** `requestedBy`: of a key its maker; null: a machine. Authors are looked up only if a rule bars them. */
export async function barredPersons(
  open: OpenContext,
  { approvals, release, configuration }: AuthoredSpec,
  requestedBy: string | null,
): Promise<Barred> {
  const requester = requestedBy === null ? [] : [requestedBy];
  const areAsked = approvals.some(({ bars }) => bars.some((bar) => OF_AUTHORS.includes(bar)));
  if (!areAsked) return { requester, 'release-author': [], 'configuration-editor': [] };
  const authors = await open.tx.first(findAuthors, {
    tenantId: open.tenantId,
    releaseId: release.id,
    configurationId: configuration?.id ?? null,
  });
  return {
    requester,
    'release-author': authors?.release ?? [],
    'configuration-editor': authors?.configuration ?? [],
  };
}
