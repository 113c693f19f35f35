/**
 * What a passkey signs: one decision of one person about one subject of one deployment. Pure, so that whoever
 * has the row can do it again years later, without this server.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';

export type SignedVerb = 'approve' | 'reject';

/** A policy as the request has frozen it; `policyId` null is the request's own rule. */
export interface SignedPolicy {
  readonly policyId: string | null;
  readonly version: number;
}

export interface SignedDecision {
  /** Keeps these hashes apart from all others that a passkey of this server may be asked for. */
  readonly purpose: 'tidegate-approval';
  readonly tenantId: string;
  readonly deploymentId: string;
  /** Which of the deployment's requests: the same subject asked for anew is another one. */
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly decision: SignedVerb;
  readonly policies: readonly SignedPolicy[];
  readonly personId: string;
  /** The server's own, good once and for minutes. */
  readonly nonce: string;
}

/** What is asked about, from now: everything but the nonce. */
export type DecisionAsked = Omit<SignedDecision, 'purpose' | 'nonce'>;

/** The text that is hashed; it is stored, never made anew from its parts. */
export function signedText(asked: DecisionAsked, nonce: string): string {
  const { tenantId, deploymentId, requestNumber, subjectDigest, decision, personId } = asked;
  const policies = asked.policies.map(({ policyId, version }) => ({ policyId, version }));
  const signed: SignedDecision = {
    purpose: 'tidegate-approval',
    tenantId,
    deploymentId,
    requestNumber,
    subjectDigest,
    decision,
    policies,
    personId,
    nonce,
  };
  return canonicalJson(signed);
}

export function challengeOfText(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
