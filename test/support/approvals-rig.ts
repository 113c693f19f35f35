/** Policies as rows, and people who decide over HTTP; the engine looks when it is told to. */
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import type { ApprovalRule } from '../../src/deployments/approvals/rule.js';
import { DeploymentsApp, type DeployingTenant } from './deployments-app.js';
import type { Member } from './whole-app.js';

export type PolicyChange = Partial<Omit<ApprovalRule, 'policyId' | 'version' | 'external'>>;

const DAY_MS = 86_400_000;

export class ApprovalsRig {
  private constructor(readonly app: DeploymentsApp) {}

  static async start(environment: Record<string, string> = {}): Promise<ApprovalsRig> {
    return new ApprovalsRig(await DeploymentsApp.start(environment));
  }

  close(): Promise<void> {
    return this.app.close();
  }

  async tenant(slug: string): Promise<ApprovingTenant> {
    return new ApprovingTenant(this, await this.app.tenant(slug));
  }
}

export class ApprovingTenant {
  constructor(
    readonly rig: ApprovalsRig,
    readonly deploying: DeployingTenant,
  ) {}

  get id(): string {
    return this.deploying.id;
  }

  person(role: Role = 'Admin'): Promise<Member> {
    return this.rig.app.whole.member(this.id, role);
  }

  /** In QA: one Admin, if nothing else is said. Its id. */
  async policy(change: PolicyChange = {}): Promise<string> {
    const id = newId();
    const policy = {
      name: `policy ${id.slice(-6)}`,
      kind: 'people',
      approvers: { roles: ['Admin'], groups: [], users: [] },
      quorum: 1,
      distinctGroups: null,
      bars: ['requester'],
      decisionValidMs: null,
      timeoutMs: DAY_MS,
      reasonRequired: false,
      passkeyRequired: false,
      ...change,
    };
    await this.rig.app.sql(
      `with e as (update environments set has_approval_policies = true
         where tenant_id = $1 and name_key = 'qa' returning id)
       insert into approval_policies (tenant_id, id, name, name_key, environment_id, kind, approvers,
         quorum, distinct_groups, bars, decision_valid_ms, timeout_ms, reason_required, passkey_required)
       select $1, $2, $3, lower($3), e.id, $4, $5, $6, $7, $8, $9, $10, $11, $12 from e`,
      [
        this.id,
        id,
        policy.name,
        policy.kind,
        JSON.stringify(policy.approvers),
        policy.quorum,
        policy.distinctGroups && JSON.stringify(policy.distinctGroups),
        policy.bars,
        policy.decisionValidMs,
        policy.timeoutMs,
        policy.reasonRequired,
        policy.passkeyRequired,
      ],
    );
    return id;
  }

  /** Deployed, its checks passed, and people asked. */
  async asked(change: object = {}): Promise<string> {
    const id = await this.deploying.deploy({ strategy: { kind: 'direct' }, ...change });
    await this.rig.app.pass(this.id, id, 'preflight');
    await this.act(id);
    return id;
  }

  act(id: string): Promise<void> {
    return this.rig.app.act(this.id, id);
  }

  async deployment(id: string) {
    return (await this.deploying.get(`/deployments/${id}`)).body;
  }

  /** Of what is asked now. */
  async digest(id: string): Promise<string> {
    return (await this.deployment(id)).subjectDigest as string;
  }

  async say(who: Pick<Member, 'token'>, verb: string, id: string, body: object = {}) {
    const path = `/api/v1/approvals/deployments/${id}/${verb}`;
    const response = await fetch(`${this.rig.app.whole.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${who.token}` },
      body: JSON.stringify(body),
    });
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at, not typed
    return { status: response.status, body: (await response.json()) as any };
  }

  async approve(who: Pick<Member, 'token'>, id: string, more: object = {}) {
    return this.say(who, 'approve', id, { subjectDigest: await this.digest(id), ...more });
  }

  requests(id: string) {
    return this.rig.app.sql<{ number: number; status: string; reason: string | null }>(
      `select number, status, reason from approval_requests where deployment_id = $1 order by number`,
      [id],
    );
  }

  /** What the journal says of approvals, and of the status. */
  async story(id: string): Promise<string[]> {
    const lines = await this.rig.app.sql<{ line: string }>(
      `select coalesce(data->>'event', data->>'status') as line from journal
       where deployment_id = $1 and kind in ('approval', 'status-changed', 'finished') order by seq`,
      [id],
    );
    return lines.map(({ line }) => line);
  }
}
