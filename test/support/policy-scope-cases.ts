/** Approval policies, tried by somebody who manages QA only. */
import type { Answer } from './deployments-app.js';

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Of the spec that tries every route from outside of a scope. */
export interface ScopeKit {
  /** As the Admin of everything. */
  readonly asAdmin: (sent: Sent) => Promise<Answer>;
  /** As who manages QA. */
  readonly send: (sent: Sent) => Promise<Answer>;
  readonly notFound: (
    sent: (at: { id: string }) => Sent,
    ids: () => readonly [string, string],
  ) => () => Promise<void>;
  readonly missing: (sent: (isInside: boolean) => Sent, details: object) => () => Promise<void>;
}

const path = '/approval-policies';
const permission = 'approval-policies:manage';
const policies = { inside: '', outside: '', everywhere: '' };

const policyIn = (environment: string | null) => ({
  name: `in ${environment ?? 'all'}`,
  environment,
  approvers: { roles: ['Admin'] },
});

/** One in QA, one in Staging, one of every environment. */
export async function makePolicies({ asAdmin }: Pick<ScopeKit, 'asAdmin'>): Promise<void> {
  const where = { inside: 'QA', outside: 'Staging', everywhere: null };
  for (const [key, environment] of Object.entries(where)) {
    const { body } = await asAdmin({ path, method: 'POST', body: policyIn(environment) });
    policies[key as keyof typeof policies] = body.id;
  }
}

export function policyScopeCases(kit: ScopeKit): Readonly<Record<string, () => Promise<void>>> {
  const { send, missing, notFound } = kit;
  const to = (id: string, method: string, environment: string | null): Sent => ({
    path: `${path}/${id}`,
    method,
    ...(method === 'PUT' ? { body: policyIn(environment), headers: { 'if-match': '"1"' } } : {}),
  });
  const ofOne = (method: string) => async () => {
    // What counts in all environments is seen, and not theirs to change.
    const { status } = await send(to(policies.everywhere, method, null));
    expect(status).toBe(method === 'GET' ? 200 : 403);
    await notFound(
      ({ id }) => to(id, method, 'QA'),
      () => [policies.inside, policies.outside],
    )();
  };
  const made = (environment: string | null): Sent => ({
    path,
    method: 'POST',
    body: { ...policyIn(environment), name: 'another' },
  });
  const elsewhere = { permission, environment: 'Staging' };
  return {
    'ApprovalPoliciesController.list': async () => {
      const { body } = await send({ path });
      const names = body.items.map(({ name }: { name: string }) => name);
      expect(names).toEqual(['in all', 'in QA']);
    },
    'ApprovalPoliciesController.get': ofOne('GET'),
    'ApprovalPoliciesController.create': async () => {
      await missing((isInside) => made(isInside ? 'QA' : 'Staging'), elsewhere)();
      await missing((isInside) => made(isInside ? 'QA' : null), { permission })();
    },
    'ApprovalPoliciesController.replace': async () => {
      await ofOne('PUT')();
      const moved = (isInside: boolean) => to(policies.inside, 'PUT', isInside ? 'QA' : 'Staging');
      await missing(moved, elsewhere)();
    },
    'ApprovalPoliciesController.remove': ofOne('DELETE'),
  };
}
