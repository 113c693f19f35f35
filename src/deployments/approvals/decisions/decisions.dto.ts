import { z } from 'zod';
import { text, uuid } from '../../../kernel/text.js';

export const decisionParams = z.strictObject({ deploymentId: uuid });
export type DecisionParams = z.output<typeof decisionParams>;

const COMMENT_CHARACTERS = 2_000;
const comment = text(COMMENT_CHARACTERS).trim().min(1);
const subjectDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be the subjectDigest that you have looked at');
/** What a passkey has signed; who checks it says what it must be. */
const assertion = z.looseObject({}).meta({
  description: 'The answer of a passkey to a challenge of this decision, where a rule wants one.',
});

export const approveBody = z
  .strictObject({
    subjectDigest,
    comment: comment.optional(),
    assertion: assertion.optional(),
    /** What would be deployed is older than what runs: that is what is wanted. */
    acknowledgeDowngrade: z.boolean().default(false),
  })
  .meta({ id: 'ApproveRequest' });
export type ApproveBody = z.output<typeof approveBody>;

export const rejectBody = z
  .strictObject({ reason: comment, assertion: assertion.optional() })
  .meta({ id: 'RejectRequest' });
export type RejectBody = z.output<typeof rejectBody>;

export const commentBody = z.strictObject({ comment }).meta({ id: 'CommentRequest' });
export type CommentBody = z.output<typeof commentBody>;

export const withdrawBody = z
  .strictObject({ reason: comment.optional() })
  .default({})
  .meta({ id: 'WithdrawRequest' });
export type WithdrawBody = z.output<typeof withdrawBody>;

const instant = z.iso.datetime();

export const approvalState = z
  .strictObject({
    deploymentId: uuid,
    /** Of the deployment, when this was answered: the engine goes on by itself. */
    deploymentStatus: z.string(),
    requestNumber: z.int(),
    status: z.enum(['open', 'granted', 'rejected', 'expired', 'replaced', 'cancelled', 'void']),
    subjectDigest: z.string(),
    requestedBy: z.string(),
    askedAt: instant,
    deadlineAt: instant,
    rules: z.array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['people', 'external']),
        isMet: z.boolean(),
        have: z.int(),
        need: z.int(),
        missing: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'ApprovalState' });
export type ApprovalState = z.output<typeof approvalState>;
