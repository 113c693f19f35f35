/** What an approver is shown beside the rows of others: the deployment, what its release did, what else waits. */
import type { RunStatus } from '../../../engine/run.js';
import { Permission } from '../../../kernel/permission.js';
import type { OpenContext } from '../../../platform/context.js';
import { inScopes, scopesText } from '../../../platform/database/in-scopes.js';
import { statement } from '../../../platform/database/statement.js';
import { deploymentNotFound } from '../../deployment.errors.js';
import { activeStatuses } from '../../deployment.states.js';
import type { CameBy } from '../../deployments.store.js';
import type { ApprovalRequest } from '../requests/request.js';
import { REQUEST_COLUMNS } from '../requests/requests.store.js';

export interface SubjectRow {
  readonly id: string;
  readonly kind: CameBy;
  readonly status: RunStatus;
  readonly specText: string;
  readonly subjectDigest: string;
  readonly metadata: Record<string, string>;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly releaseId: string;
  readonly clusterId: string;
  readonly moduleId: string;
  readonly releasedBy: string;
  readonly releasedAt: Date;
  /** Name of the key; null: nobody has signed it. */
  readonly signedWith: string | null;
  readonly configuredBy: string | null;
  readonly configuredAt: Date | null;
  /** The database's clock, in ms since the epoch. */
  readonly now: number;
}

const ONE = statement<{ readonly tenantId: string; readonly id: string }, SubjectRow>(
  'approval-subjects.deployment',
  `select d.id, d.kind, d.status, d.spec_text as "specText", d.subject_digest as "subjectDigest",
     d.metadata, d.requested_by as "requestedBy", d.created_at as "createdAt",
     d.release_id as "releaseId", d.cluster_id as "clusterId", d.module_id as "moduleId",
     r.created_by as "releasedBy", r.created_at as "releasedAt", k.name as "signedWith",
     c.created_by as "configuredBy", c.created_at as "configuredAt",
     (extract(epoch from clock_timestamp()) * 1000)::float8 as now
   from deployments d
   join releases r on r.tenant_id = d.tenant_id and r.id = d.release_id
   left join signing_keys k on k.tenant_id = r.tenant_id and k.id = r.key_id
   left join configurations c on c.tenant_id = d.tenant_id and c.id = d.configuration_id
   where d.tenant_id = :tenantId and d.id = :id`,
);

/** Throws `deployment-not-found`. */
export async function subjectRow(open: OpenContext, id: string): Promise<SubjectRow> {
  const row = await open.tx.first(ONE, { tenantId: open.tenantId, id });
  if (row) return row;
  throw deploymentNotFound();
}

export interface PlacedRow {
  readonly id: string;
  readonly kind: CameBy;
  readonly version: string;
  readonly environment: string;
  readonly cluster: string;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

const PLACED = `d.id, d.kind, r.version, e.name as environment, c.name as cluster, d.status, d.reason,
  d.requested_by as "requestedBy", d.created_at as "createdAt", d.finished_at as "finishedAt"`;
const PLACES = `join releases r on r.tenant_id = d.tenant_id and r.id = d.release_id
  join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
  join clusters c on c.tenant_id = d.tenant_id and c.id = d.cluster_id
  join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id`;

export interface HistoryRow extends PlacedRow {
  readonly verdicts: {
    readonly stable: number;
    readonly unstable: number;
    readonly inconclusive: number;
  };
}

/** Of deployments of one release, and on their way to one target: more is a history, which has a list. */
const SHOWN = 20;

const countOf = (verdict: string) => `count(*) filter (where v.verdict = '${verdict}')`;

// A deployment is made after its release: their ids grow with time, so that a module that was deployed for
// years is not read from its beginning. An hour, because clocks of two processes differ.
const HISTORY = statement<
  {
    readonly tenantId: string;
    readonly id: string;
    readonly moduleId: string;
    readonly releaseId: string;
    readonly firstId: string;
    readonly scopes: string | null;
  },
  HistoryRow
>(
  'approval-subjects.release-history',
  `select of.*, (select jsonb_build_object('stable', ${countOf('stable')},
       'unstable', ${countOf('unstable')}, 'inconclusive', ${countOf('inconclusive')})
     from gate_verdicts v where v.tenant_id = :tenantId and v.deployment_id = of.id) as verdicts
   from (
     select ${PLACED} from deployments d ${PLACES}
     where d.tenant_id = :tenantId and d.module_id = :moduleId and d.id >= :firstId
       and d.release_id = :releaseId and d.id <> :id
       and ${inScopes({ module: 'm.name', environmentKey: 'e.name_key' })}
     order by d.id desc limit ${SHOWN}) of
   order by of.id desc`,
);

/** Newest first; only those that may be read. `firstId`: no deployment of the release is older. */
export function releaseHistory(
  open: OpenContext,
  { id, moduleId, releaseId }: SubjectRow,
  firstId: string,
): Promise<HistoryRow[]> {
  const scopes = scopesText(open.scopesOf(Permission.DeploymentsRead));
  const about = { tenantId: open.tenantId, id, moduleId, releaseId };
  return open.tx.query(HISTORY, { ...about, firstId, scopes });
}

/** As the partial index on what is not over has them. */
const ACTIVE = activeStatuses.map((status) => `'${status}'`).join(', ');

const WAITING = statement<
  {
    readonly tenantId: string;
    readonly id: string;
    readonly clusterId: string;
    readonly moduleId: string;
  },
  PlacedRow
>(
  'approval-subjects.waiting',
  `select ${PLACED} from deployments d ${PLACES}
   where d.tenant_id = :tenantId and d.cluster_id = :clusterId and d.module_id = :moduleId
     and d.status in (${ACTIVE}) and d.id <> :id
   order by d.id desc limit ${SHOWN}`,
);

/** What else is on its way to the same target; newest first. */
export function alsoWaiting(
  open: OpenContext,
  { id, clusterId, moduleId }: SubjectRow,
): Promise<PlacedRow[]> {
  return open.tx.query(WAITING, { tenantId: open.tenantId, id, clusterId, moduleId });
}

const NUMBERS = statement<
  { readonly tenantId: string; readonly ids: readonly string[] },
  { readonly id: string; readonly number: number }
>(
  'approval-subjects.configuration-numbers',
  'select id, number from configurations where tenant_id = :tenantId and id = any(:ids::uuid[])',
);

/** As people know configurations; by id. */
export async function configurationNumbers(
  open: OpenContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await open.tx.query(NUMBERS, { tenantId: open.tenantId, ids });
  return new Map(rows.map(({ id, number }) => [id, number]));
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

const NAMES = statement<
  {
    readonly tenantId: string;
    readonly people: readonly string[];
    readonly groups: readonly string[];
  },
  Named
>(
  'approval-subjects.names',
  `select u.id, u.username as name from users u
   join memberships m on m.tenant_id = :tenantId and m.user_id = u.id
   where u.id = any(:people::uuid[])
   union all
   select g.id, g.name from groups g where g.tenant_id = :tenantId and g.id = any(:groups::uuid[])`,
);

/** Of people and groups of the tenant, by id; who has left it has none. */
export async function namesOf(
  open: OpenContext,
  about: { readonly people: readonly string[]; readonly groups: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  const rows = await open.tx.query(NAMES, { tenantId: open.tenantId, ...about });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Each change of a policy or a configuration asks anew: more than these, nobody has read. */
const REQUESTS_SHOWN = 100;

const REQUESTS = statement<{ readonly tenantId: string; readonly id: string }, ApprovalRequest>(
  'approval-subjects.requests',
  `select ${REQUEST_COLUMNS} from approval_requests
   where tenant_id = :tenantId and deployment_id = :id order by number desc limit ${REQUESTS_SHOWN}`,
);

/** The newest first. */
export function requestsOf(open: OpenContext, id: string): Promise<ApprovalRequest[]> {
  return open.tx.query(REQUESTS, { tenantId: open.tenantId, id });
}
