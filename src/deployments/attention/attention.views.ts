/** What waits for a person, over all environments, cut down to what may be read. */
import { environmentKey } from '../../kernel/environment-key.js';
import { Permission } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { scopesText } from '../../platform/database/in-scopes.js';
import { FILTERED, pageAfter, timeText } from '../../platform/database/sorting.js';
import { statement } from '../../platform/database/statement.js';
import type { SortedSlice } from '../../platform/http/sorted-page.js';
import { ITEMS } from './attention-branches.js';
import type { AttentionKindName } from './attention-kinds.js';
import type { AttentionPlace, AttentionQuery } from './attention.dto.js';

export interface AttentionRow {
  readonly id: string;
  readonly kind: AttentionKindName;
  readonly subjectId: string;
  readonly since: Date;
  readonly until: Date | null;
  readonly environment: string | null;
  readonly cluster: string | null;
  readonly module: string | null;
  readonly version: string | null;
  readonly node: string | null;
  readonly detail: string;
  readonly who: string | null;
  readonly by: string | null;
  /** Whose own work it is, where that keeps them from it. */
  readonly personId: string | null;
  readonly requestNumber: number | null;
  readonly sortValue: string;
}

interface Filter {
  readonly tenantId: string;
  readonly deploymentScopes: string | null;
  readonly approvalScopes: string | null;
  readonly fleetScopes: string | null;
  readonly environmentKey: string | null;
  readonly module: string | null;
}

interface ListFilter extends Filter {
  readonly kinds: readonly string[] | null;
  readonly afterId: string | null;
  readonly afterValue: string | null;
  readonly take: number;
}

const IN_PLACE = `(:environmentKey::text is null or environment_key = :environmentKey)
  and (:module::text is null or module = :module)`;

const listSql = (isFalling: boolean): string => {
  const page = pageAfter('sort_value', 'id', { isFalling, type: 'text' });
  return `with items as (${ITEMS}), named as (
      select kind || ':' || subject_id as id, ${timeText('since')} collate "C" as sort_value, items.*
      from items where ${IN_PLACE} and (:kinds::text[] is null or kind = any(:kinds)))
    select id, kind, subject_id as "subjectId", since, until, environment, cluster, module, version, node,
      detail, who, by, person_id as "personId", request_number as "requestNumber",
      sort_value as "sortValue"
    from named where ${page.condition} ${page.order}`;
};

const NEWEST = statement<ListFilter, AttentionRow>('attention.newest', listSql(true), FILTERED);
const OLDEST = statement<ListFilter, AttentionRow>('attention.oldest', listSql(false), FILTERED);

export function attentionRows(
  open: OpenContext,
  { kind, ...place }: Pick<AttentionQuery, 'environment' | 'module' | 'kind'>,
  { after, take, isFalling }: SortedSlice,
): Promise<AttentionRow[]> {
  const filter = {
    ...filterOf(open, place),
    kinds: kind ?? null,
    afterId: after?.id ?? null,
    afterValue: after?.value ?? null,
    take,
  };
  return isFalling ? open.tx.query(NEWEST, filter) : open.tx.query(OLDEST, filter);
}

const COUNTS = statement<Filter, { readonly kind: string; readonly count: number }>(
  'attention.counts',
  `with items as (${ITEMS})
   select kind, count(*)::int as count from items where ${IN_PLACE} group by kind`,
);

export function attentionCountsOf(open: OpenContext, place: AttentionPlace) {
  return open.tx.query(COUNTS, filterOf(open, place));
}

function filterOf(open: OpenContext, { environment, module }: AttentionPlace): Filter {
  const scopesFor = (permission: Permission) => scopesText(open.scopesOf(permission));
  return {
    tenantId: open.tenantId,
    deploymentScopes: scopesFor(Permission.DeploymentsRead),
    approvalScopes: scopesFor(Permission.ApprovalsRead),
    fleetScopes: scopesFor(Permission.FleetRead),
    environmentKey: environment === undefined ? null : environmentKey(environment),
    module: module ?? null,
  };
}
