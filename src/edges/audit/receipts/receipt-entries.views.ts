/** The entries of the audit log that a receipt relies on, each with its place. */
import { auditColumns } from '../../../platform/audit/audit-row.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import {
  PASSKEY_ACTION,
  RECEIPT_ACTIONS,
  WORKLOAD_ACTION,
} from '../../../kernel/receipt/receipt-actions.js';
import type { EntryRow } from '../entries/entries.views.js';

const SELECT = `select ${auditColumns('e')}, l.sequence from audit_entries e
  left join audit_leaves l on l.tenant_id = e.tenant_id and l.entry_id = e.id
  where e.tenant_id = :tenantId`;

type Of = { readonly tenantId: string; readonly from: Date };

const ofDeployment = statement<
  Of & { readonly id: string; readonly actions: readonly string[]; readonly take: number },
  EntryRow
>(
  'audit-entries.of-receipt',
  `${SELECT} and e.deployment_id = :id and e.at >= :from and e.action = any(:actions::text[])
   order by e.at, e.id limit :take`,
);

/** An id is made right before the first entry about what it names; clocks of processes differ. */
const AROUND_MS = 60_000;

export function deploymentEntries(
  open: OpenContext,
  id: string,
  take: number,
): Promise<EntryRow[]> {
  const madeMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  const from = new Date(Math.max(0, madeMs - AROUND_MS));
  const { tenantId } = open;
  return open.tx.query(ofDeployment, { tenantId, id, from, actions: RECEIPT_ACTIONS, take });
}

const ofPasskeys = statement<
  {
    readonly tenantId: string;
    readonly action: string;
    readonly people: readonly string[];
    readonly credentials: readonly string[];
    readonly take: number;
  },
  EntryRow
>(
  'audit-entries.of-passkeys',
  `${SELECT} and e.action = :action and e.actor_id = any(:people::text[])
   and e.body_text::jsonb ->> 'credentialId' = any(:credentials::text[])
   order by e.at, e.id limit :take`,
);

/** That these passkeys were registered by these people. */
export function passkeyEntries(
  open: OpenContext,
  asked: {
    readonly people: readonly string[];
    readonly credentials: readonly string[];
    readonly take: number;
  },
): Promise<EntryRow[]> {
  return open.tx.query(ofPasskeys, { tenantId: open.tenantId, action: PASSKEY_ACTION, ...asked });
}

const ofToken = statement<
  Of & {
    readonly action: string;
    readonly identityId: string;
    readonly tokenId: string;
    readonly to: Date;
  },
  EntryRow
>(
  'audit-entries.of-workload-token',
  `${SELECT} and e.subject_id = :identityId and e.action = :action and e.at >= :from and e.at <= :to
   and e.body_text::jsonb ->> 'tokenId' = :tokenId
   order by e.at, e.id limit 1`,
);

/** Tokens of pipelines live for minutes. */
const TOKEN_MS = 3_600_000;

/** What a pipeline had shown when it got the token with which it came. */
export function workloadEntries(
  open: OpenContext,
  token: { readonly identityId: string; readonly tokenId: string; readonly usedAt: Date },
): Promise<EntryRow[]> {
  const { identityId, tokenId, usedAt } = token;
  return open.tx.query(ofToken, {
    tenantId: open.tenantId,
    action: WORKLOAD_ACTION,
    identityId,
    tokenId,
    from: new Date(usedAt.getTime() - TOKEN_MS),
    to: new Date(usedAt.getTime() + AROUND_MS),
  });
}
