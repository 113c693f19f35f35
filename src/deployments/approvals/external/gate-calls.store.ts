/** The table `external_gate_calls`: what was asked of gates outside, how far that is, what they have answered. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

/** `dropped`: the request was over before. `expired`: nobody has answered in time. */
export type GateCallEnd = 'approved' | 'rejected' | 'expired' | 'dropped';

interface NewGateCall {
  readonly id: string;
  readonly gateId: string;
  readonly gateName: string;
  readonly deploymentId: string;
  readonly requestNumber: number;
  readonly rules: readonly string[];
  readonly subjectDigest: string;
  readonly nonce: string;
  /** What is sent, to the letter, however often. */
  readonly bodyText: string;
  readonly deadlineAt: Date;
}

const insert = statement<NewGateCall & { readonly tenantId: string }>(
  'external-gate-calls.insert',
  `insert into external_gate_calls (tenant_id, id, gate_id, gate_name, deployment_id, request_number,
     rules, subject_digest, nonce, body_text, deadline_at)
   values (:tenantId, :id, :gateId, :gateName, :deploymentId, :requestNumber, :rules::text[],
     :subjectDigest, :nonce, :bodyText, :deadlineAt)
   on conflict (tenant_id, deployment_id, request_number, gate_id) do nothing`,
);

export async function insertGateCall(open: OpenContext, call: NewGateCall): Promise<void> {
  await open.tx.execute(insert, { ...call, tenantId: open.tenantId });
}

/** As the system's role knows it: enough to find it in its tenant. */
export interface ClaimedCall {
  readonly tenantId: string;
  readonly id: string;
  /** Grows with every claim: whoever has an older one writes nothing. */
  readonly fence: number;
}

const claim = statement<{ readonly take: number; readonly leaseMs: number }, ClaimedCall>(
  'external-gate-calls.claim',
  `update external_gate_calls c set fence = c.fence + 1,
     lease_until = clock_timestamp() + :leaseMs::double precision * interval '1 millisecond'
   where (c.tenant_id, c.id) in (
     select tenant_id, id from external_gate_calls
     where ended_at is null and wake_at <= clock_timestamp()
       and (lease_until is null or lease_until <= clock_timestamp())
     order by wake_at limit :take for update skip locked)
   returning c.tenant_id as "tenantId", c.id, c.fence`,
);

/** Those that are due and that nobody is at. */
export function claimGateCalls(
  tx: SystemTransaction,
  take: number,
  leaseMs: number,
): Promise<ClaimedCall[]> {
  return tx.query(claim, { take, leaseMs });
}

export interface GateCall {
  readonly id: string;
  readonly gateId: string;
  readonly gateName: string;
  readonly deploymentId: string;
  readonly requestNumber: number;
  readonly rules: readonly string[];
  readonly subjectDigest: string;
  readonly nonce: string;
  readonly bodyText: string;
  readonly attempts: number;
  readonly deadlineAt: Date;
  readonly deliveredAt: Date | null;
  readonly end: GateCallEnd | null;
  /** By the database's clock. */
  readonly isLate: boolean;
}

const COLUMNS = `id, gate_id as "gateId", gate_name as "gateName", deployment_id as "deploymentId",
  request_number as "requestNumber", rules, subject_digest as "subjectDigest", nonce,
  body_text as "bodyText", attempts, deadline_at as "deadlineAt",
  delivered_at as "deliveredAt", "end", deadline_at <= clock_timestamp() as "isLate"`;

type Named = { readonly tenantId: string; readonly id: string };

const held = statement<Named & { readonly fence: number }, GateCall>(
  'external-gate-calls.held',
  `select ${COLUMNS} from external_gate_calls
   where tenant_id = :tenantId and id = :id and fence = :fence and ended_at is null`,
);

/** Undefined: it is over, or somebody else has taken it over. */
export function heldGateCall(
  open: OpenContext,
  { id, fence }: ClaimedCall,
): Promise<GateCall | undefined> {
  return open.tx.first(held, { tenantId: open.tenantId, id, fence });
}

type Asked = { readonly tenantId: string; readonly gateId: string; readonly nonce: string };

const ASKED = `select ${COLUMNS} from external_gate_calls
  where tenant_id = :tenantId and gate_id = :gateId and nonce = :nonce`;

const asked = statement<Asked, GateCall>('external-gate-calls.asked', ASKED);

export function askedOf(
  open: OpenContext,
  gateId: string,
  nonce: string,
): Promise<GateCall | undefined> {
  return open.tx.first(asked, { tenantId: open.tenantId, gateId, nonce });
}

const lockAsked = statement<Asked, GateCall>(
  'external-gate-calls.lock-asked',
  `${ASKED} for update`,
);

/** Until the end of the transaction: of two answers one is the first. */
export function lockAskedCall(
  open: OpenContext,
  gateId: string,
  nonce: string,
): Promise<GateCall | undefined> {
  return open.tx.first(lockAsked, { tenantId: open.tenantId, gateId, nonce });
}

type Attempt = {
  readonly tenantId: string;
  readonly id: string;
  readonly fence: number;
  readonly isDelivered: boolean;
  readonly outcome: string;
  readonly delayMs: number;
};

const attempted = statement<Attempt>(
  'external-gate-calls.attempted',
  `update external_gate_calls set attempts = attempts + 1, last_outcome = :outcome,
     delivered_at = case when :isDelivered::boolean then clock_timestamp() end, lease_until = null,
     wake_at = case when :isDelivered::boolean then deadline_at else least(deadline_at,
       clock_timestamp() + :delayMs::double precision * interval '1 millisecond') end
   where tenant_id = :tenantId and id = :id and fence = :fence and ended_at is null`,
);

/** Delivered, it sleeps until its deadline; else until it is tried again. */
export async function noteAttempt(
  open: OpenContext,
  attempt: Omit<Attempt, 'tenantId'>,
): Promise<void> {
  await open.tx.execute(attempted, { ...attempt, tenantId: open.tenantId });
}

const finish = statement<Named & { readonly end: GateCallEnd }>(
  'external-gate-calls.end',
  `update external_gate_calls set "end" = :end, ended_at = clock_timestamp(), lease_until = null
   where tenant_id = :tenantId and id = :id and ended_at is null`,
);

/** False: it had ended before. */
export async function endGateCall(
  open: OpenContext,
  id: string,
  end: GateCallEnd,
): Promise<boolean> {
  return (await open.tx.execute(finish, { tenantId: open.tenantId, id, end })) > 0;
}
