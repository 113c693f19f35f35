import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import {
  SoftwareAuthenticator,
  type Lies,
} from '../../../../test/support/software-authenticator.js';
import {
  faultOf,
  type PasskeyEvidence,
} from '../../../kernel/signed-decisions/passkey-evidence.js';
import { readableKey } from '../../../tenancy/factors/passkey-public-key.js';
import {
  challengeOfText,
  type DecisionAsked,
  signedText,
} from '../../../kernel/signed-decisions/signed-decision.js';

const origin = 'https://tidegate.example.com';
const rpId = 'tidegate.example.com';
const asked: DecisionAsked = {
  tenantId: '019a7f3e-4000-7aaa-8bbb-000000000001',
  deploymentId: '019a7f3e-4000-7aaa-8bbb-000000000002',
  requestNumber: 1,
  subjectDigest: `sha256:${'a'.repeat(64)}`,
  decision: 'approve',
  policies: [{ policyId: '019a7f3e-4000-7aaa-8bbb-000000000003', version: 4 }],
  personId: '019a7f3e-4000-7aaa-8bbb-000000000004',
};

/** COSE, as an authenticator writes a P-256 key. */
function coseOf(jwk: { x?: string; y?: string }): Buffer {
  const [x, y] = [jwk.x, jwk.y].map((part) => Buffer.from(part!, 'base64url'));
  const head = Buffer.from('a50102032620012158', 'hex');
  return Buffer.concat([head, Buffer.from([32]), x!, Buffer.from('225820', 'hex'), y!]);
}

function evidenceOf(lies: Lies = {}, more: Partial<PasskeyEvidence> = {}): PasskeyEvidence {
  const authenticator = new SoftwareAuthenticator(origin);
  authenticator.create({ challenge: 'AA', rp: { id: rpId }, user: { id: 'AA' } });
  const signed = signedText(asked, 'nonce');
  const challenge = challengeOfText(signed).toString('base64url');
  const { id, response } = authenticator.get({ challenge, rpId }, lies);
  const jwk = authenticator.publicJwk();
  return {
    kind: 'passkey',
    signed,
    rpId,
    origin,
    credentialId: id,
    ...readableKey(coseOf(jwk)),
    clientDataJSON: response.clientDataJSON,
    authenticatorData: response.authenticatorData,
    signature: response.signature,
    ...more,
  };
}

describe('the evidence of a decision that a passkey has signed', () => {
  it('convinces the check, and anybody who has node:crypto and these texts alone', () => {
    const evidence = evidenceOf();
    expect(faultOf(evidence)).toBeNull();
    const bytes = (text: string) => Buffer.from(text, 'base64url');
    const client = bytes(evidence.clientDataJSON);
    const key = createPublicKey({ key: bytes(evidence.publicKey), format: 'der', type: 'spki' });
    const digest = createHash('sha256').update(client).digest();
    const data = Buffer.concat([bytes(evidence.authenticatorData), digest]);
    expect(verify('sha256', data, key, bytes(evidence.signature))).toBe(true);
    const hash = createHash('sha256').update(evidence.signed).digest('base64url');
    expect((JSON.parse(client.toString()) as { challenge: string }).challenge).toBe(hash);
    expect(JSON.parse(evidence.signed)).toEqual({
      ...asked,
      purpose: 'tidegate-approval',
      nonce: 'nonce',
    });
  });

  it.each<[string, Lies, string]>([
    ['another challenge', { challenge: 'c29tZXRoaW5nIGVsc2U' }, 'challenge'],
    ['another site', { origin: 'https://tidegate.example.net' }, 'origin'],
    ['another relying party', { rpId: 'example.net' }, 'relying-party'],
    ['nobody verified', { isVerified: false }, 'user-not-verified'],
    ['an enrolment', { type: 'webauthn.create' }, 'client-data'],
  ])('is refused for %s, although the signature is good', (_what, lies, fault) => {
    expect(faultOf(evidenceOf(lies))).toBe(fault);
  });

  it.each<[string, (good: PasskeyEvidence) => Partial<PasskeyEvidence>, string]>([
    [
      'what was signed',
      () => ({ signed: signedText({ ...asked, decision: 'reject' }, 'nonce') }),
      'challenge',
    ],
    ['the signature', ({ signature }) => ({ signature: `A${signature.slice(1)}` }), 'signature'],
    ['the key', () => ({ publicKey: evidenceOf().publicKey }), 'signature'],
    ['the key, to nonsense', () => ({ publicKey: 'AAAA' }), 'signature'],
    ['the algorithm', () => ({ algorithm: -999 }), 'algorithm'],
    ['the relying party', () => ({ rpId: 'example.com' }), 'relying-party'],
    ['the client data, to no JSON', () => ({ clientDataJSON: 'AAAA' }), 'client-data'],
    ['the data of the authenticator, cut', () => ({ authenticatorData: 'AAAA' }), 'relying-party'],
  ])('is refused once somebody has changed %s', (_what, change, fault) => {
    const good = evidenceOf();
    expect(faultOf({ ...good, ...change(good) })).toBe(fault);
  });

  it('takes Ed25519 and RSA as well, which passkeys are enrolled with', () => {
    const signed = signedText(asked, 'nonce');
    const challenge = challengeOfText(signed).toString('base64url');
    const pairs = [
      { algorithm: -8, hash: null, ...generateKeyPairSync('ed25519') },
      { algorithm: -257, hash: 'sha256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
    ];
    for (const { algorithm, hash, publicKey, privateKey } of pairs) {
      const good = evidenceOf({ challenge });
      const client = Buffer.from(good.clientDataJSON, 'base64url');
      const digest = createHash('sha256').update(client).digest();
      const data = Buffer.concat([Buffer.from(good.authenticatorData, 'base64url'), digest]);
      const der = publicKey.export({ type: 'spki', format: 'der' });
      const own = {
        algorithm,
        publicKey: der.toString('base64url'),
        signature: sign(hash, data, privateKey).toString('base64url'),
      };
      expect(faultOf({ ...good, ...own })).toBeNull();
    }
  });
});

describe('what is signed', () => {
  it.each<[keyof DecisionAsked, unknown]>([
    ['tenantId', 'x'],
    ['deploymentId', 'x'],
    ['requestNumber', 2],
    ['subjectDigest', 'x'],
    ['decision', 'reject'],
    ['policies', [{ policyId: asked.policies[0]!.policyId, version: 5 }]],
    ['personId', 'x'],
  ])('is another text for another %s', (field, value) => {
    expect(signedText({ ...asked, [field]: value }, 'nonce')).not.toBe(signedText(asked, 'nonce'));
  });

  it('has of a policy what it is and its version, whatever else is known of it', () => {
    const more = { ...asked.policies[0]!, name: 'board' };
    expect(signedText({ ...asked, policies: [more] }, 'n')).toBe(signedText(asked, 'n'));
  });
});
