/** Deployments that wait for their approval, and people who could give it, over real HTTP. */
import type { Type } from '@nestjs/common';
import {
  type Answer,
  type CallOptions,
  type DeployingTenant,
  DeploymentsApp,
} from './deployments-app.js';
import { SoftwareAuthenticator } from './software-authenticator.js';
import { Database } from '../../src/platform/database/database.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { grantRole } from '../../src/tenancy/users/users.store.js';
import type { Role } from '../../src/kernel/permission.js';
import type { Member } from './whole-app.js';

export const PUBLIC_ORIGIN = 'https://tidegate.example.com';

export interface Pending {
  readonly id: string;
  readonly number: number;
  readonly subjectDigest: string;
}

export class PendingApprovals {
  private constructor(readonly app: DeploymentsApp) {}

  static async start(
    environment: Record<string, string> = {},
    modules: readonly Type[] = [],
  ): Promise<PendingApprovals> {
    const own = { TIDEGATE_PUBLIC_URL: `${PUBLIC_ORIGIN}/` };
    return new PendingApprovals(await DeploymentsApp.start({ ...own, ...environment }, modules));
  }

  close(): Promise<void> {
    return this.app.close();
  }

  person(tenant: DeployingTenant, role: Role = 'Admin'): Promise<Member> {
    return this.app.whole.member(tenant.id, role);
  }

  /** Of the platform. */
  operator(): Promise<Member> {
    return this.app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
  }

  /** The same person as an Admin of another tenant, signed in there by their passkey; their token. */
  async alsoIn(
    { tenant, slug }: { readonly tenant: DeployingTenant; readonly slug: string },
    person: Member,
    authenticator: SoftwareAuthenticator,
  ): Promise<Member> {
    const { userId } = person;
    await this.app.whole
      .get(Database)
      .system((tx) => grantRole(tx, { tenantId: tenant.id, userId, role: 'Admin' }));
    const nobody = { token: '' };
    const { body: options } = await this.send(nobody, '/authentication/passkey/options');
    const body = { passkey: authenticator.get(options), tenant: slug };
    const { body: signedIn } = await this.send(nobody, '/authentication/passkey', { body });
    return { ...person, tenantId: tenant.id, token: signedIn.accessToken as string };
  }

  async send(
    { token }: Pick<Member, 'token'>,
    path: string,
    { method = 'POST', body, headers = {} }: CallOptions = {},
  ): Promise<Answer> {
    const json: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${this.app.whole.url}/api/v1${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...json,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  }

  /** A passkey of theirs, enrolled as their browser would. */
  async passkey(person: Member): Promise<SoftwareAuthenticator> {
    const authenticator = new SoftwareAuthenticator(PUBLIC_ORIGIN);
    const { body: options } = await this.send(person, '/me/passkeys/options');
    const passkey = authenticator.create(options);
    const body = { name: 'laptop', passkey };
    const enrolled = await this.send(person, '/me/passkeys', { body });
    if (enrolled.status !== 201) throw new Error(JSON.stringify(enrolled.body));
    return authenticator;
  }

  /** A deployment that has asked people, and waits. */
  async pending(tenant: DeployingTenant, change: object = {}): Promise<Pending> {
    const id = await tenant.deploy({ requireApproval: true, ...change });
    await this.app.pass(tenant.id, id, 'preflight');
    await this.app.act(tenant.id, id);
    return this.request(tenant, id);
  }

  /** The newest of its requests. */
  async request(tenant: DeployingTenant, id: string): Promise<Pending> {
    const [row] = await this.app.sql<Pending>(
      `select deployment_id as id, number, subject_digest as "subjectDigest" from approval_requests
       where tenant_id = $1 and deployment_id = $2 order by number desc limit 1`,
      [tenant.id, id],
    );
    if (!row) throw new Error('nobody was asked');
    return row;
  }

  async statusOf(tenant: DeployingTenant, id: string): Promise<string> {
    return (await tenant.get(`/deployments/${id}`)).body.status as string;
  }

  /** A policy of QA, as it stands in its table. */
  async policy(tenant: DeployingTenant, change: Record<string, unknown> = {}): Promise<string> {
    const {
      name = 'board',
      passkeyRequired = false,
      gateId = null,
      timeoutMs = 86_400_000,
    } = change;
    const [row] = await this.app.sql<{ id: string }>(
      `with there as (update environments set has_approval_policies = true
         where tenant_id = $1 and name = 'QA' returning id)
       insert into approval_policies (tenant_id, id, name, name_key, environment_id, kind, approvers,
         quorum, bars, timeout_ms, reason_required, passkey_required, external_gate_id)
       select $1, gen_random_uuid(), $2, lower($2), there.id,
         case when $4::uuid is null then 'people' else 'external' end,
         case when $4::uuid is null then '{"roles":["Admin"],"groups":[],"users":[]}'::jsonb
           else '{"roles":[],"groups":[],"users":[]}'::jsonb end,
         1, '{requester}', $5, false, $3, $4 from there returning id`,
      [tenant.id, name, passkeyRequired, gateId, timeoutMs],
    );
    return row!.id;
  }

  /** No policy is left in the tenant. */
  async withoutPolicies(tenant: DeployingTenant): Promise<void> {
    await this.app.sql('delete from approval_policies where tenant_id = $1', [tenant.id]);
    await this.app.sql(
      'update environments set has_approval_policies = false where tenant_id = $1',
      [tenant.id],
    );
  }
}

export const outcomeOf = ({ status, body }: Answer): readonly [number, string] => [
  status,
  (body?.code as string | undefined) ?? 'ok',
];
