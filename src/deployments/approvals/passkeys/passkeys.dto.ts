import { z } from 'zod';
import { digest, uuid } from '../../../kernel/text.js';

export const challengeParams = z.strictObject({ deploymentId: uuid });
export type ChallengeParams = z.output<typeof challengeParams>;

export const challengeBody = z
  .strictObject({
    decision: z.enum(['approve', 'reject']),
    subjectDigest: digest.meta({ description: 'What you have looked at.' }),
  })
  .meta({ id: 'ApprovalChallenge' });
export type ChallengeBody = z.output<typeof challengeBody>;

const evidence = z
  .strictObject({
    kind: z.literal('passkey'),
    signed: z.string().meta({
      description: 'What was signed, as canonical JSON: its sha-256 is the challenge.',
    }),
    rpId: z.string(),
    origin: z.string(),
    credentialId: z.string(),
    publicKey: z.string().meta({ description: 'SubjectPublicKeyInfo in DER, base64url.' }),
    algorithm: z.int().meta({ description: 'As COSE numbers them: -7, -8 or -257.' }),
    clientDataJSON: z.string(),
    authenticatorData: z.string(),
    signature: z.string(),
  })
  .meta({ id: 'PasskeyEvidence' });

export const evidenceOut = z
  .strictObject({
    items: z.array(
      z.strictObject({
        decisionId: uuid,
        personId: uuid,
        actor: z.string(),
        verb: z.enum(['approve', 'reject']),
        at: z.iso.datetime(),
        evidence,
      }),
    ),
  })
  .meta({ id: 'ApprovalEvidence' });
