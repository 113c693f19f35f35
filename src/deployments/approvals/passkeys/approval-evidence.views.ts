/** What decisions were proved with, as whoever audits reads it. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { PasskeyEvidence } from '../../../kernel/signed-decisions/passkey-evidence.js';

export interface EvidenceRow {
  readonly decisionId: string;
  readonly personId: string;
  readonly actor: string;
  readonly verb: 'approve' | 'reject';
  readonly at: Date;
  readonly evidence: PasskeyEvidence;
}

const list = statement<{ readonly tenantId: string; readonly deploymentId: string }, EvidenceRow>(
  'approval-evidence.view-list',
  `select d.id as "decisionId", d.person_id as "personId", d.actor, d.verb, d.at, proof.evidence
   from approval_decisions d
   -- One proof may stand for several rules: each has the same.
   cross join lateral (select value as evidence from jsonb_each(d.evidence) order by key limit 1) proof
   where d.tenant_id = :tenantId and d.deployment_id = :deploymentId
     and d.person_id is not null and proof.evidence ->> 'kind' = 'passkey'
   order by d.id`,
);

/** Those whose decision was voided as well: they were given. */
export function evidenceRows(open: OpenContext, deploymentId: string): Promise<EvidenceRow[]> {
  return open.tx.query(list, { tenantId: open.tenantId, deploymentId });
}
