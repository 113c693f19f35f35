import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { AnswerOf } from '../../../platform/http/answer.js';
import type { directoryTokenOut } from './directory-tokens.dto.js';

export type DirectoryTokenView = AnswerOf<typeof directoryTokenOut>;

const VIEW = `select id, name, prefix, created_by as "createdBy",
    allowed_networks as "allowedNetworks", email_domains as "emailDomains",
    case when revoked_at is not null then 'revoked' when expires_at <= :now then 'expired'
      else 'good' end as state,
    created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
    rotated_from as "rotatedFrom", last_used_at as "lastUsedAt",
    last_used_network as "lastUsedNetwork", last_refused_at as "lastRefusedAt"
  from directory_tokens where tenant_id = :tenantId`;

const find = statement<
  { readonly tenantId: string; readonly id: string; readonly now: Date },
  DirectoryTokenView
>('directory-tokens.find-view', `${VIEW} and id = :id`);

export function directoryTokenView(
  open: OpenContext,
  id: string,
  now: Date,
): Promise<DirectoryTokenView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id, now });
}

const list = statement<
  {
    readonly tenantId: string;
    readonly now: Date;
    readonly before: string | null;
    readonly take: number;
  },
  DirectoryTokenView
>(
  'directory-tokens.list-views',
  `${VIEW} and (:before::uuid is null or id < :before) order by id desc limit :take`,
);

export function directoryTokenViews(
  open: OpenContext,
  page: { readonly now: Date; readonly before: string | null; readonly take: number },
): Promise<DirectoryTokenView[]> {
  const { now, before, take } = page;
  return open.tx.query(list, { tenantId: open.tenantId, now, before, take });
}
