import type { OpenContext } from '../../../platform/context.js';
import { nodeFoundDuplicated, nodeFoundImplausible } from './nodes.events.js';
import { suspectNode, SUSPICION_SHOWN } from './presence.store.js';

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

const FOUND = { duplicated: nodeFoundDuplicated, implausible: nodeFoundImplausible };

/** The audit trail has one entry for each time that it begins, not for each request. */
export async function noteSuspicion(open: OpenContext, suspicion: Suspicion): Promise<void> {
  const { kind, nodeId, name, message } = suspicion;
  if (!(await suspectNode(open, { nodeId, kind, message }))) return;
  await open.record(FOUND[kind](nodeId, { name, message }, 'denied'));
}

/** In SQL: the node's suspicion for whoever looks at it, or null. */
export const suspicionSql = (presence: string): string => `case
  when ${presence}.suspected_at > clock_timestamp() - ${SUSPICION_SHOWN}
  then jsonb_build_object('kind', ${presence}.suspicion, 'message', ${presence}.suspicion_message,
    'at', to_char(${presence}.suspected_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end`;
