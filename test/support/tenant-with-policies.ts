/** What tests of approval policies share: tenants with one Admin, policies, and who could decide now. */
import { rulesFor } from '../../src/deployments/approvals/policies/approval-policies.queries.js';
import { approverFacts } from '../../src/deployments/approvals/policies/approver-facts.queries.js';
import { ownRule } from '../../src/deployments/approvals/rule.js';
import { environmentByName } from '../../src/fleet/fleet.queries.js';
import type { Role } from '../../src/kernel/permission.js';
import type { OpenContext } from '../../src/platform/context.js';
import type { Answer, DeploymentsApp, DeployingTenant } from './deployments-app.js';
import type { Member } from './whole-app.js';

const path = '/approval-policies';

interface Sent {
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** The least that a policy must say. */
export const oneAdmin = {
  name: 'one admin',
  environment: 'QA',
  approvers: { roles: ['Admin'] },
};

export class TenantWithPolicies {
  private constructor(
    private readonly app: DeploymentsApp,
    readonly slug: string,
    readonly tenant: DeployingTenant,
  ) {}

  /** With one Admin, who may decide. */
  static async make(app: DeploymentsApp, slug: string): Promise<TenantWithPolicies> {
    const made = new TenantWithPolicies(app, slug, await app.tenant(slug, 0));
    await made.tenant.as('Admin', path);
    return made;
  }

  get id(): string {
    return this.tenant.id;
  }

  as(...call: Parameters<DeployingTenant['as']>): Promise<Answer> {
    return this.tenant.as(...call);
  }

  /** As whoever carries that token; the status and the code of what is refused. */
  async by(token: string, method: string, path: string, more: Sent = {}) {
    const { body, headers } = more;
    const answer = await fetch(`${this.app.whole.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const told = (answer.status === 204 ? {} : await answer.json()) as {
      code?: string;
      id: string;
    };
    return { status: answer.status, code: told.code, id: told.id };
  }

  /** What the audit log has of an action, oldest first. */
  async audited<Body>(action: string, subjectId: string | null = null) {
    return this.app.sql<{ actor: string; body: Body }>(
      `select actor, body_text::jsonb as body from audit_entries
       where tenant_id = $1 and action = $2 and subject_id = coalesce($3, subject_id) order by at`,
      [this.id, action, subjectId],
    );
  }

  send(body: object): Promise<Answer> {
    return this.as('Admin', path, { method: 'POST', body });
  }

  async policy(body: object = oneAdmin): Promise<{ id: string; name: string; version: number }> {
    const answer = await this.send(body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  }

  put(id: string, body: object, version: number): Promise<Answer> {
    const headers = { 'if-match': `"${version}"` };
    return this.as('Admin', `${path}/${id}`, { method: 'PUT', body, headers });
  }

  /** Its id. */
  async group(name: string): Promise<string> {
    return (await this.as('Admin', '/groups', { method: 'POST', body: { name } })).body.id;
  }

  member(role: Role): Promise<Member> {
    return this.app.whole.member(this.id, role);
  }

  open<T>(work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.app.whole.inTenant(this.id, work);
  }

  /** As a deployment of `orders` there would be asked about. */
  rules(environment: string, change: object = {}) {
    return this.open(async (open) => {
      const { id, name, labels, hasApprovalPolicies } = await environmentByName(open, environment);
      return rulesFor(open, {
        environmentId: id,
        environmentName: name,
        hasApprovalPolicies,
        labels,
        module: 'orders',
        strategy: 'canary',
        requireApproval: false,
        ...change,
      });
    });
  }

  people(environment: string, module = 'orders') {
    const target = { module, environment };
    return this.open((open) => approverFacts(open, { rules: [ownRule], target }));
  }

  /** Their ids. */
  async deciders(environment: string, module = 'orders'): Promise<string[]> {
    const people = await this.people(environment, module);
    return [...people].flatMap(([id, { mayDecide }]) => (mayDecide ? [id] : [])).sort();
  }
}
