/** What agents report, written as rows: for tests in which nothing runs and nothing moves by itself. */
import type { DeploymentsApp } from './deployments-app.js';

/** A module that is down, and that its agent does not bring back by itself. */
export const crashLoop = { code: 'crash-loop', message: 'it ended 5 times in a minute' };

export class NodeReports {
  constructor(private readonly app: DeploymentsApp) {}

  /** Nodes whose names are like this have done what they were told last, and are in this state. */
  async say(state: string, nodes: string, reason: object | null = null): Promise<void> {
    await this.app.sql(
      `insert into observed_modules (tenant_id, node_id, module_id, generation, state, running, reason)
       select d.tenant_id, d.node_id, d.module_id, d.generation, $1::text,
         (select coalesce(jsonb_agg(jsonb_build_object('releaseId', r->'releaseId',
            'configurationId', r->'configurationId', 'instance', 'a')), '[]')
          from jsonb_array_elements(d.releases) r), $3::jsonb
       from desired_modules d join nodes n on n.id = d.node_id where n.name like $2
       on conflict (tenant_id, node_id, module_id) do update set state = excluded.state,
         generation = excluded.generation, running = excluded.running, reason = excluded.reason`,
      [state, nodes, reason && JSON.stringify(reason)],
    );
  }

  /** A node of this tenant that nobody has heard of for a minute. */
  async lose(tenantId: string, name: string): Promise<void> {
    await this.heard(tenantId, name, '-1 minute');
  }

  /** It reports again, and will not be lost soon. */
  async find(tenantId: string, name: string): Promise<void> {
    await this.heard(tenantId, name, '1 hour');
  }

  private async heard(tenantId: string, name: string, ago: string): Promise<void> {
    await this.app.sql(
      `update node_presence p set last_report_at = clock_timestamp() + $3::interval
       from nodes n where n.id = p.node_id and n.name = $2 and n.tenant_id = $1`,
      [tenantId, name, ago],
    );
  }
}
