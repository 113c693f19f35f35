/** A log with a deployment that two people have approved, and its receipt: in memory, and with a key at hand. */
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { digestOf } from '../../src/kernel/digest.js';
import {
  type MovedNode,
  type Receipt,
  RECEIPT_FORMAT,
  signReceipt,
  type UnsignedReceipt,
} from '../../src/kernel/receipt/receipt.js';
import { RECEIPT_POINTERS } from '../../src/kernel/receipt/receipt-actions.js';
import { summaryOf } from '../../src/kernel/receipt/summary.js';
import { statedEntry } from '../../src/kernel/receipt/stated-entry.js';
import {
  digestOfKey,
  type PasskeyEvidence,
} from '../../src/kernel/signed-decisions/passkey-evidence.js';
import { challengeOfText, signedText } from '../../src/kernel/signed-decisions/signed-decision.js';
import { type EntryFields, leafOf } from '../../src/kernel/tlog/audit-leaf.js';
import { signCheckpoint } from '../../src/kernel/tlog/checkpoint.js';
import { type NoteVerifier, parseVerifierKey, verifierKeyOf } from '../../src/kernel/tlog/note.js';
import { leafHash, TreeEdge } from '../../src/kernel/tlog/tree.js';
import { inclusionProof } from '../../src/kernel/tlog/tree-proofs.js';
import { SoftwareAuthenticator } from './software-authenticator.js';

const SITE = { origin: 'https://tidegate.example.com', rpId: 'tidegate.example.com' };
export const idOf = (last: number) => `019a7f3e-4000-7aaa-8bbb-${String(last).padStart(12, '0')}`;
export const TENANT = idOf(1);
export const DEPLOYMENT = idOf(2);
const [ADA, GRACE, LEA] = [idOf(3), idOf(4), idOf(5)];
export const SUBJECT = digestOf('subject', 'what is approved').digest;

export interface Happening {
  readonly action: string;
  readonly body?: Record<string, unknown>;
  readonly by?: { readonly id: string; readonly name: string };
  readonly tenantId?: string;
  readonly deploymentId?: string | null;
}

const people = { ada: { id: ADA, name: 'ada' }, grace: { id: GRACE, name: 'grace' } };
const lea = { id: LEA, name: 'lea' };

export const nodes: MovedNode[] = ['a', 'b'].map((name, at) => ({
  nodeId: idOf(10 + at),
  name: `node-${name}`,
  generation: 4 + at,
  releaseId: idOf(20),
  configurationId: null,
  percent: null,
}));

const asked = { requestNumber: 1, subjectDigest: SUBJECT };
const decided = (
  decisionId: string,
  { id: personId, name: by }: typeof lea,
  more: object = {},
) => ({
  ...asked,
  decisionId,
  personId,
  by,
  gateId: null,
  comment: null,
  evidence: null,
  ...more,
});

/** Of ada, as her browser makes it. */
export function passkeyEvidence(change: Partial<Parameters<typeof signedText>[0]> = {}) {
  const key = new SoftwareAuthenticator(SITE.origin);
  key.create({ challenge: 'AA', rp: { id: SITE.rpId }, user: { id: 'AA' } });
  const said = {
    tenantId: TENANT,
    deploymentId: DEPLOYMENT,
    requestNumber: 1,
    subjectDigest: SUBJECT,
    decision: 'approve' as const,
    policies: [{ policyId: idOf(30), version: 1 }],
    personId: ADA,
    ...change,
  };
  const signed = signedText(said, 'nonce');
  const challenge = challengeOfText(signed).toString('base64url');
  const { id, response } = key.get({ challenge, rpId: SITE.rpId });
  const spki = createPublicKey({ key: key.publicJwk() as never, format: 'jwk' });
  const evidence: PasskeyEvidence = {
    kind: 'passkey',
    signed,
    ...SITE,
    credentialId: id,
    publicKey: spki.export({ type: 'spki', format: 'der' }).toString('base64url'),
    algorithm: -7,
    clientDataJSON: response.clientDataJSON,
    authenticatorData: response.authenticatorData,
    signature: response.signature,
  };
  return evidence;
}

const countedAs = (id: string, { id: personId }: typeof lea) => ({
  decisionId: id,
  personId,
  gateId: null,
  roles: ['Admin'],
  groups: [],
});

/** What happens, in order. `evidence`: under ada's decision. */
export function happenings(evidence: PasskeyEvidence): Happening[] {
  const { digest } = digestOf('evidence', evidence);
  const { credentialId, publicKey } = evidence;
  const about = { module: 'orders', version: '1.4.0', ...asked, rules: ['board'] };
  const rule = {
    policyId: idOf(30),
    version: 1,
    name: 'board',
    kind: 'people',
    quorum: 2,
    passkeyRequired: false,
    decisions: [countedAs(idOf(40), people.ada), countedAs(idOf(41), people.grace)],
  };
  const deployed = {
    releaseDigest: digestOf('release', 1).digest,
    artifactDigest: digestOf('release', 2).digest,
    manifestDigest: digestOf('manifest', 3).digest,
    configuration: { id: idOf(50), number: 3, digest: digestOf('configuration', 4).digest },
    environment: 'Production',
    cluster: 'eu-1',
    strategy: { kind: 'canary', params: { wavesPercent: [100] } },
    gate: { kind: 'stabilization', params: { pollIntervalMs: 30_000 } },
  };
  const judged = { plan: 1, step: 'w1.stabilization', wave: 1, gate: 'stabilization' };
  const seen = { measure: 'errors', value: '0.001', baseline: '0.001', allowed: '0.011', ok: true };
  const wave = { plan: 1, role: 'forward', step: 'w1.move', wave: 1, nodes: nodes.length };
  return [
    {
      action: 'factor-enrolled',
      deploymentId: null,
      by: people.ada,
      body: { kind: 'passkey', credentialId, publicKeyDigest: digestOfKey(publicKey) },
    },
    {
      action: 'deployment-created',
      by: lea,
      body: {
        module: 'orders',
        version: '1.4.0',
        subjectDigest: SUBJECT,
        releaseId: idOf(20),
        deployed,
      },
    },
    { action: 'approval-requested', body: about },
    {
      action: 'approval-given',
      by: people.ada,
      body: decided(idOf(40), people.ada, { evidence: { kind: 'passkey', digest } }),
    },
    { action: 'approval-given', by: people.grace, body: decided(idOf(41), people.grace) },
    {
      action: 'approval-granted',
      by: people.grace,
      body: { ...about, by: 'grace', counted: [rule], isOverridden: false },
    },
    { action: 'deployment-started', body: { by: 'system:engine' } },
    {
      action: 'deployment-wave-moved',
      body: { ...wave, nodesDigest: digestOf('nodes', nodes).digest },
    },
    {
      action: 'deployment-gate-judged',
      body: {
        ...judged,
        outcome: 'passed',
        verdict: 'stable',
        reason: 'all is well',
        samples: 20,
        requests: 900,
        measures: [seen],
        promotedBy: null,
      },
    },
    {
      action: 'deployment-succeeded',
      body: {
        previousStatus: 'Running',
        status: 'Succeeded',
        reason: null,
        by: 'system:engine',
        entries: {
          'approval-requested': 1,
          'approval-given': 2,
          'approval-granted': 1,
          'deployment-started': 1,
          'deployment-wave-moved': 1,
          'deployment-gate-judged': 1,
        },
      },
    },
  ];
}

export class Story {
  private readonly key = generateKeyPairSync('ed25519');
  readonly origin = `tidegate/audit/${TENANT}`;
  private readonly signer = { name: this.origin, privateKey: this.key.privateKey };
  readonly trusted: NoteVerifier[] = [
    parseVerifierKey(verifierKeyOf(this.origin, this.key.publicKey)),
  ];

  /** As if the log's own key had signed it: what only its content gives away. */
  sign({ signature: _, ...unsigned }: UnsignedReceipt & { signature?: string }): Receipt {
    return signReceipt(unsigned, this.signer);
  }

  /** With entries of others around them. `pick`: which of them the receipt has. */
  async receipt(
    told: readonly Happening[],
    evidence: PasskeyEvidence,
    pick: (happening: Happening, at: number) => boolean = () => true,
  ): Promise<Receipt> {
    const leaves = told.map((each, at) => leafOf(...fieldsOf(each, at)));
    const others = ['before', 'after'];
    const texts = [others[0]!, ...leaves.map(({ text }) => text), others[1]!];
    const hashes = texts.map((text) => leafHash(Buffer.from(text)));
    const edge = TreeEdge.empty();
    for (const hash of hashes) edge.append(hash);
    const read = (_: number, from: number, count: number) =>
      Promise.resolve(hashes.slice(from, from + count));
    const entries = [];
    for (const [at, { text, personal }] of leaves.entries()) {
      if (!pick(told[at]!, at)) continue;
      const named = Object.entries(personal).filter(([name]) => RECEIPT_POINTERS.includes(name));
      const proof = await inclusionProof(read, at + 1, hashes.length);
      entries.push({
        sequence: at + 1,
        leaf: text,
        personal: Object.fromEntries(named),
        proof: proof.map((hash) => hash.toString('base64')),
      });
    }
    const head = { size: edge.size, root: edge.root() };
    return this.sign({
      format: RECEIPT_FORMAT,
      origin: this.origin,
      deploymentId: DEPLOYMENT,
      issuedAt: '2026-11-30T12:00:00.000Z',
      summary: { ...summaryOf(entries.map((entry) => statedEntry(entry)!)) },
      attachments: {
        nodes: { [digestOf('nodes', nodes).digest]: nodes },
        evidence: { [digestOf('evidence', evidence).digest]: { ...evidence } },
      },
      leftOut: [],
      log: { checkpoint: signCheckpoint(head, this.signer), entries },
    });
  }
}

function fieldsOf(
  { action, body = {}, by, tenantId = TENANT, deploymentId = DEPLOYMENT }: Happening,
  at: number,
): [EntryFields, Record<string, string>] {
  const salt = () => randomBytes(16).toString('hex');
  const salts: Record<string, string> = by ? { '/actor/name': salt() } : {};
  if (typeof body['by'] === 'string') salts['/body/by'] = salt();
  const actor = by
    ? { kind: 'user', ...by }
    : { kind: 'system', id: 'engine', name: 'system:engine' };
  const fields: EntryFields = {
    version: 2,
    id: idOf(100 + at),
    tenantId,
    at: new Date(Date.UTC(2026, 10, 30, 11, at)).toISOString(),
    category: 'deployment',
    action,
    outcome: 'allowed',
    actor,
    actingFor: null,
    subject: { kind: 'deployment', id: deploymentId ?? 'somebody' },
    sourceAddress: null,
    userAgent: null,
    requestId: idOf(60),
    traceId: null,
    releaseId: null,
    deploymentId,
    body,
  };
  return [fields, salts];
}
