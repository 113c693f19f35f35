/** Rows of the second kind of run that tests have: the least that a kind needs in PostgreSQL. */
import type { RunRows } from '../../src/deployments/runs/run-rows.js';
import { runTable } from '../../src/deployments/runs/run-table.store.js';
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import { ERRAND } from './errands.js';

/** As a migration would make it. */
export const ERRANDS_SQL = `
  create table errands (
    tenant_id uuid not null,
    id uuid not null,
    status text not null default 'Pending',
    ending text,
    reason text,
    version integer not null default 1,
    journal_seq integer not null default 2,
    subject_digest text not null default 'bread',
    started_at timestamptz,
    finished_at timestamptz,
    primary key (tenant_id, id));
  alter table errands enable row level security;
  alter table errands force row level security;
  create policy tenant on errands to tidegate_app
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
  grant select, insert, update on errands to tidegate_app`;

/** $1 tenant, $2 id, $3 plan. */
export const ADD_ERRAND_SQL = `
  with e as (insert into errands (tenant_id, id) values ($1, $2)),
  p as (insert into plans (tenant_id, run_kind, deployment_id, number, role, body_text, plan_digest,
      subject_digest, facts_text) values ($1, 'errand', $2, 1, 'forward', $3, 'p', 'bread', '{}')),
  u as (insert into runs (tenant_id, kind, id, wake_at)
    values ($1, 'errand', $2, clock_timestamp()))
  insert into journal (tenant_id, run_kind, deployment_id, seq, at, plan_number, kind, actor)
  values ($1, 'errand', $2, 1, clock_timestamp(), 0, 'created', 'olga'),
    ($1, 'errand', $2, 2, clock_timestamp(), 1, 'planned', 'olga')`;

const SQL = runTable('errands');

export class ErrandRows implements RunRows {
  readonly kind = ERRAND;
  readonly title = 'Errand';
  readonly sql = SQL;
  readonly states = deploymentStates;

  lockShared() {
    return [];
  }

  statusChanged() {
    return Promise.resolve();
  }

  journalled() {
    return Promise.resolve();
  }

  changed() {
    return undefined;
  }
}
