import { Injectable } from '@nestjs/common';
import { limits } from '../../../kernel/limits.js';
import { Audit } from '../../../platform/audit/audit.js';
import type { OpenContext } from '../../../platform/context.js';

/**
 * What makes a node look like two, or like one that does not tell the truth. Nothing is taken from
 * it for that: whoever decides is a person, who sees it with the node until a day after it was so
 * last, and in the audit trail.
 */
export const SUSPICION_KINDS = ['duplicated', 'implausible'] as const;
export type SuspicionKind = (typeof SUSPICION_KINDS)[number];

export interface Suspicion {
  readonly kind: SuspicionKind;
  readonly nodeId: string;
  readonly name: string;
  readonly message: string;
}

@Injectable()
export class NodeSuspicions {
  constructor(private readonly audit: Audit) {}

  /** The audit trail has one entry for each time that it begins, not for each request. */
  async note(open: OpenContext, { kind, nodeId, name, message }: Suspicion): Promise<void> {
    const [before] = await open.tx.query<{ isNew: boolean }>(NOTE_SQL, [
      open.tenantId,
      nodeId,
      kind,
      message,
    ]);
    if (!before?.isNew) return;
    await this.audit.append(open, {
      category: 'fleet',
      action: `node-found-${kind}`,
      result: 'denied',
      subject: { kind: 'node', id: nodeId },
      body: { name, message },
    });
  }
}

/** In SQL: the node's suspicion for whoever looks at it, or null. */
export const suspicionSql = (presence: string): string => `case
  when ${presence}.suspected_at > clock_timestamp() - ${SHOWN_SQL}
  then jsonb_build_object('kind', ${presence}.suspicion, 'message', ${presence}.suspicion_message,
    'at', to_char(${presence}.suspected_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end`;

const SHOWN_SQL = `interval '${limits.suspicionShownMs} milliseconds'`;

const NOTE_SQL = `
  with before as (
    select coalesce(suspicion is distinct from $3 or suspected_at < clock_timestamp() - ${SHOWN_SQL},
      true) as is_new
    from node_presence where tenant_id = $1 and node_id = $2 for update
  ), noted as (
    update node_presence set suspicion = $3, suspicion_message = $4,
      suspected_at = clock_timestamp()
    where tenant_id = $1 and node_id = $2
  )
  select is_new as "isNew" from before`;
