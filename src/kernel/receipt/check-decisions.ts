/** Whether those who are said to have decided have, and whether what they decided was enough. */
import { canonicalJson } from '../canonical-json.js';
import {
  digestOfKey,
  faultOf,
  type PasskeyEvidence,
} from '../signed-decisions/passkey-evidence.js';
import type { SignedDecision } from '../signed-decisions/signed-decision.js';
import type { Receipt } from './receipt.js';
import { PASSKEY_ACTION } from './receipt-actions.js';
import type { Report } from './receipt-fault.js';
import { isFields, type StatedEntry } from './stated-entry.js';

export interface Decided {
  readonly entries: readonly StatedEntry[];
  readonly evidence: Receipt['attachments']['evidence'];
  readonly report: Report;
  /** What is not wrong, and worth to be known. */
  readonly notice: (text: string) => void;
}

const KINDS: Readonly<Record<string, string>> = {
  'approval-given': 'approve',
  'approval-rejected': 'reject',
};

export function checkDecisions(decided: Decided): void {
  const { entries } = decided;
  for (const entry of entries) {
    if (KINDS[entry.action] !== undefined) checkEvidence(entry, decided);
    if (entry.action === 'approval-granted') checkGranted(entry, decided);
  }
  checkGoing(decided);
}

/** A passkey's signature under a decision: about this subject, by this person, with their own key. */
function checkEvidence(entry: StatedEntry, decided: Decided): void {
  const named = entry.body['evidence'];
  if (!isFields(named)) return;
  const proof = decided.evidence[String(named['digest'])];
  if (proof === undefined) {
    decided.report('attachment', `what proves the decision of entry ${entry.sequence} is missing`);
    return;
  }
  if (named['kind'] !== 'passkey') {
    decided.notice(
      `what proves the decision of entry ${entry.sequence} (${String(named['kind'])}) is checked by whoever has the secret`,
    );
    return;
  }
  const wrong = wrongOf(entry, proof as unknown as PasskeyEvidence);
  if (wrong !== null) {
    decided.report(
      'passkey',
      `the signature under the decision of entry ${entry.sequence}: ${wrong}`,
    );
    return;
  }
  checkRegistration(entry, proof as unknown as PasskeyEvidence, decided);
}

function wrongOf(entry: StatedEntry, proof: PasskeyEvidence): string | null {
  const parts: (keyof PasskeyEvidence)[] = ['signed', 'origin', 'rpId', 'publicKey'];
  const more: (keyof PasskeyEvidence)[] = ['clientDataJSON', 'authenticatorData', 'signature'];
  const isWhole = [...parts, ...more].every((part) => typeof proof[part] === 'string');
  if (!isWhole) return 'it is no signature of a passkey';
  const fault = faultOf(proof);
  if (fault !== null) return `it does not hold (${fault})`;
  const { tenantId, deploymentId, actor, body, action } = entry;
  const { policies: _, nonce: _nonce, ...signed } = JSON.parse(proof.signed) as SignedDecision;
  const said = {
    purpose: 'tidegate-approval',
    tenantId,
    deploymentId,
    requestNumber: body['requestNumber'],
    subjectDigest: body['subjectDigest'],
    decision: KINDS[action],
    personId: actor.id,
  };
  const other = (Object.keys(said) as (keyof typeof said)[]).find(
    (name) => said[name] !== signed[name],
  );
  return other === undefined ? null : `it is about another ${other}`;
}

function checkRegistration(entry: StatedEntry, proof: PasskeyEvidence, decided: Decided): void {
  const { entries, report, notice } = decided;
  const known = entries.find(
    ({ action, body }) => action === PASSKEY_ACTION && body['credentialId'] === proof.credentialId,
  );
  if (!known) {
    notice(
      `of the passkey of entry ${entry.sequence} this log has no registration: that it is that person’s is the word of the entry`,
    );
    return;
  }
  const isTheirs =
    known.actor.id === entry.actor.id &&
    known.body['publicKeyDigest'] === digestOfKey(proof.publicKey);
  if (!isTheirs) {
    report('passkey', `the passkey of entry ${entry.sequence} is registered as another one`);
  }
}

interface CountedDecision {
  readonly decisionId?: unknown;
  readonly personId?: unknown;
  readonly gateId?: unknown;
}

interface CountedRule {
  readonly name?: unknown;
  readonly quorum?: unknown;
  readonly passkeyRequired?: unknown;
  readonly decisions?: unknown;
}

/** Each rule has as many people as it wants, each of whom has approved just that, and not taken it back. */
function checkGranted(entry: StatedEntry, decided: Decided): void {
  const { body, sequence } = entry;
  if (body['isOverridden'] === true) {
    const used = decided.entries.some(
      ({ action, body: { requestNumber } }) =>
        action === 'break-glass-used' && requestNumber === body['requestNumber'],
    );
    if (!used) decided.report('quorum', `entry ${sequence} was granted by nobody`);
    return;
  }
  const rules = Array.isArray(body['counted']) ? (body['counted'] as CountedRule[]) : [];
  if (rules.length === 0) decided.report('quorum', `entry ${sequence} was granted under no rule`);
  for (const rule of rules) {
    const decisions = Array.isArray(rule.decisions) ? (rule.decisions as CountedDecision[]) : [];
    const voices = decisions.filter((each) => hasApproved(each, { entry, rule, decided }));
    const people = new Set(voices.map(({ personId, gateId }) => String(personId ?? gateId)));
    const isEnough = voices.length === decisions.length && people.size >= Number(rule.quorum);
    if (!isEnough) {
      const name = canonicalJson(rule.name ?? null);
      decided.report('quorum', `the rule ${name} of entry ${sequence} is not met by the decisions`);
    }
  }
}

interface Counting {
  readonly entry: StatedEntry;
  readonly rule: CountedRule;
  readonly decided: Decided;
}

function hasApproved(
  { decisionId, personId, gateId }: CountedDecision,
  { entry, rule, decided: { entries } }: Counting,
): boolean {
  const isOfIt = ({ body }: StatedEntry) => body['decisionId'] === decisionId;
  const given = entries.find((each) => each.action === 'approval-given' && isOfIt(each));
  if (!given) return false;
  // Only what was opened again can be taken back; of that, the clocks of two processes say which was first.
  const isReopened = entries.some(({ action }) => action === 'approval-reopened');
  const isWithdrawn = entries.some(
    (each) =>
      each.action === 'approval-withdrawn' && isOfIt(each) && (!isReopened || each.at < entry.at),
  );
  const { body } = given;
  const isSigned = isFields(body['evidence']) && body['evidence']['kind'] === 'passkey';
  const isByWhom =
    body['gateId'] === gateId && (personId === null ? true : given.actor.id === personId);
  return (
    !isWithdrawn &&
    isByWhom &&
    body['requestNumber'] === entry.body['requestNumber'] &&
    body['subjectDigest'] === entry.body['subjectDigest'] &&
    (rule.passkeyRequired !== true || isSigned)
  );
}

/** Where people were asked, nodes were moved only after they had agreed to the last that was asked. */
function checkGoing({ entries, report, notice }: Decided): void {
  const numbersOf = (action: string) =>
    entries
      .filter((each) => each.action === action)
      .map(({ body }) => Number(body['requestNumber']));
  const asked = numbersOf('approval-requested');
  const hasMoved = entries.some(({ action }) => action === 'deployment-wave-moved');
  if (!hasMoved || asked.length === 0) return;
  const last = Math.max(...asked);
  // By number and not by order: their times are those of several machines.
  const timesOf = (action: string) => numbersOf(action).filter((number) => number === last).length;
  if (timesOf('approval-granted') > timesOf('approval-reopened')) return;
  if (timesOf('approvals-voided') === 0) {
    report('quorum', 'nodes were moved although what was asked had not been granted');
    return;
  }
  notice('the approval requirements changed while people were asked, and nobody was asked again');
}
