/** Holds as people see them, with the names of what they hold. */
import type { Scope } from '../../kernel/grants.js';
import type { OpenContext } from '../../platform/context.js';
import { inScopes, scopesText } from '../../platform/database/in-scopes.js';
import { statement } from '../../platform/database/statement.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { holdOut } from './holds.dto.js';

export type HoldRow = AnswerOf<typeof holdOut>;

const HOLDS = `select h.id, m.name as module, e.name as environment, c.name as cluster,
     h.deployment_id as "deploymentId", h.rollback_id as "rollbackId", h.reason,
     h.placed_by as "placedBy", h.placed_at as "placedAt", h.released_by as "releasedBy",
     h.released_at as "releasedAt", h.release_reason as "releaseReason"
   from target_holds h
   join modules m on m.tenant_id = h.tenant_id and m.id = h.module_id
   join clusters c on c.tenant_id = h.tenant_id and c.id = h.cluster_id
   join environments e on e.tenant_id = c.tenant_id and e.id = c.environment_id
   where h.tenant_id = :tenantId`;

const LIST = statement<
  {
    readonly tenantId: string;
    readonly isOpen: boolean;
    readonly before: string | null;
    readonly limit: number;
    readonly scopes: string | null;
  },
  HoldRow
>(
  'target-holds.list',
  `${HOLDS} and (:isOpen::boolean is null or (h.released_at is null) = :isOpen)
     and (:before::uuid is null or h.id < :before)
     and ${inScopes({ module: 'm.name', environmentKey: 'e.name_key' })}
   order by h.id desc limit :limit`,
);

export function listHolds(
  open: OpenContext,
  asked: {
    readonly isOpen: boolean;
    readonly before: string | null;
    readonly limit: number;
    readonly scopes: readonly Scope[] | null;
  },
): Promise<HoldRow[]> {
  const { scopes, ...rest } = asked;
  return open.tx.query(LIST, { ...rest, tenantId: open.tenantId, scopes: scopesText(scopes) });
}

const ONE = statement<{ readonly tenantId: string; readonly id: string }, HoldRow>(
  'target-holds.one',
  `${HOLDS} and h.id = :id`,
);

export function holdById(open: OpenContext, id: string): Promise<HoldRow | undefined> {
  return open.tx.first(ONE, { tenantId: open.tenantId, id });
}
