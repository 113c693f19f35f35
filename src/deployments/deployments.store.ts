/**
 * The table `deployments`: what was asked for, and how far it has come. How a deployment comes to be,
 * what it is locked for besides its run, and the cap that it waits for are written here; status and
 * journal only with an entry of its journal (runs/journal.store.ts).
 */
import type { RunStatus } from '../engine/run.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';
import { deploymentNotFound } from './deployment.errors.js';
import type { Lane } from './deployment.states.js';
import { FIRST_SEQ } from './runs/journal.store.js';
import { OPENS_RUN, type NewRun } from './runs/open-run.js';
import { deploymentRun, pokeRun, pokeRuns, RUN_KIND } from './runs/runs.store.js';

/** How a deployment came to be. */
export type CameBy = 'deploy' | 'rollback' | 'retry';

export type NewDeployment = Omit<NewRun, 'tenantId' | 'actor'> & {
  readonly environmentId: string;
  readonly clusterId: string;
  readonly moduleId: string;
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly strategy: string;
  readonly specText: string;
  /** JSON. */
  readonly metadata: string;
  readonly cameBy: CameBy;
  readonly originId: string | null;
};

/** Deployment, plan, run and the first journal entries: one statement, one round trip. */
const ACCEPT = statement<
  NewDeployment & Pick<NewRun, 'tenantId' | 'actor'> & { readonly requestedByPerson: string | null }
>(
  'deployments.accept',
  `with deployment as (
     insert into deployments (tenant_id, id, environment_id, cluster_id, module_id, release_id,
       configuration_id, strategy, status, journal_seq, spec_text, subject_digest, metadata,
       requested_by, requested_by_person, kind, origin_id, lane)
     values (:tenantId, :id, :environmentId, :clusterId, :moduleId, :releaseId, :configurationId,
       :strategy, 'Pending', ${FIRST_SEQ}, :specText, :subjectDigest, :metadata::jsonb, :actor,
       :requestedByPerson, :cameBy, :originId, :lane)),
   ${OPENS_RUN}`,
);

/** Pending, and due at once. The caller has locked the slot. */
export async function addDeployment(open: OpenContext, added: NewDeployment): Promise<void> {
  await open.tx.execute(ACCEPT, {
    ...added,
    tenantId: open.tenantId,
    actor: open.actor.name,
    requestedByPerson: open.actor.personId,
  });
}

/** The deployment that a rollback or a retry is about. */
export interface OriginRow {
  readonly id: string;
  readonly status: RunStatus;
  readonly lane: Lane;
  readonly clusterId: string;
  readonly moduleId: string;
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly specText: string;
  readonly metadata: Record<string, string>;
}

type NamedDeployment = { readonly tenantId: string; readonly id: string };

const LOCK_ORIGIN = statement<NamedDeployment, OriginRow>(
  'deployments.lock-origin',
  `select id, status, lane, cluster_id as "clusterId", module_id as "moduleId",
     release_id as "releaseId", configuration_id as "configurationId",
     spec_text as "specText", metadata
   from deployments where tenant_id = :tenantId and id = :id for update`,
);

/** Until the end of the transaction. Throws `deployment-not-found`. */
export async function lockOriginRow(open: OpenContext, id: string): Promise<OriginRow> {
  const origin = await open.tx.first(LOCK_ORIGIN, { tenantId: open.tenantId, id });
  if (origin) return origin;
  throw deploymentNotFound();
}

/** What decides whether a verb may be asked for. */
export interface VerbHead {
  readonly status: RunStatus;
  readonly version: number;
  readonly journalSeq: number;
  /** The database's clock when it was locked, in ms since the epoch. */
  readonly now: number;
}

// The clock is read outside: inside it would be read before the lock is waited for.
const LOCK_FOR_VERB = statement<NamedDeployment, VerbHead>(
  'deployments.lock-for-verb',
  `with locked as materialized (
     select status, version, journal_seq as "journalSeq" from deployments
     where tenant_id = :tenantId and id = :id for update)
   select locked.*, (extract(epoch from clock_timestamp()) * 1000)::float8 as now from locked`,
);

/** Until the end of the transaction. Throws `deployment-not-found`. */
export async function lockForVerb(open: OpenContext, id: string): Promise<VerbHead> {
  const head = await open.tx.first(LOCK_FOR_VERB, { tenantId: open.tenantId, id });
  if (head) return head;
  throw deploymentNotFound();
}

const WAIT_FOR_CAPACITY = statement<NamedDeployment & { readonly scopeId: string | null }>(
  'deployments.wait-for-capacity',
  `update deployments set capacity_scope_id = :scopeId::uuid
   where tenant_id = :tenantId and id = :id and capacity_scope_id is distinct from :scopeId::uuid`,
);

/** `scopeId`: whose cap is in its way; null: none. The caller has the tenant's capacity lock. */
export async function waitForCapacity(
  open: OpenContext,
  id: string,
  scopeId: string | null,
): Promise<void> {
  await open.tx.execute(WAIT_FOR_CAPACITY, { tenantId: open.tenantId, id, scopeId });
}

const SET_SUBJECT = statement<NamedDeployment & { readonly subjectDigest: string }>(
  'deployments.set-subject',
  `update deployments set subject_digest = :subjectDigest where tenant_id = :tenantId and id = :id`,
);

/** What people are asked to approve is another thing now. The caller has it locked. */
export async function setSubject(
  open: OpenContext,
  id: string,
  subjectDigest: string,
): Promise<void> {
  await open.tx.execute(SET_SUBJECT, { tenantId: open.tenantId, id, subjectDigest });
}

/** Something that it waits for has happened: it is due, and whoever acts on it looks again. */
export async function pokeDeployment(open: OpenContext, id: string): Promise<void> {
  await open.tx.execute(pokeRun, deploymentRun(open.tenantId, id));
}

/** As many as there are; the due loop finds them. */
export async function pokeDeployments(open: OpenContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await open.tx.execute(pokeRuns, { tenantId: open.tenantId, kind: RUN_KIND, ids });
}
