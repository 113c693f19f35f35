import { z } from 'zod';
import { changeLimits } from '../../../kernel/change-limits.js';
import { limits } from '../../../kernel/limits.js';
import { digest, text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';

const rules = {
  name: text(63).min(1).meta({ description: 'What policies and people call it.' }),
  url: text(limits.outboundUrlCharacters).min(1).meta({
    description:
      'Where it is asked, by a signed POST. https; the operator opens private networks with TIDEGATE_OUTBOUND_ALLOW.',
  }),
  deadlineMinutes: z.int().min(1).max(changeLimits.externalGateMinutes).meta({
    description: 'How long it has to answer. After that the deployment is rejected.',
  }),
};

export const externalGateParams = z.strictObject({ id: uuid });
export const externalGatesQuery = pageQuery;
export type ExternalGateParams = z.output<typeof externalGateParams>;
export type ExternalGatesQuery = z.output<typeof externalGatesQuery>;

export const createExternalGateBody = z
  .strictObject({ ...rules, deadlineMinutes: rules.deadlineMinutes.default(24 * 60) })
  .meta({ id: 'CreateExternalGate' });
export const replaceExternalGateBody = z.strictObject(rules).meta({ id: 'ReplaceExternalGate' });
export type ExternalGateRules = z.output<typeof replaceExternalGateBody>;

export const externalGateOut = z
  .strictObject({
    id: uuid,
    ...rules,
    callbackUrl: z.string().meta({ description: 'Where it answers.' }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ExternalGate' });

export const externalGateSecret = externalGateOut
  .extend({
    secret: z.string().meta({
      description: 'Signs both ways. Shown only once; sealed in the database.',
    }),
  })
  .meta({ id: 'ExternalGateWithSecret' });

export const gateParams = z.strictObject({ gate: uuid });
export type GateParams = z.output<typeof gateParams>;

/** Unknown fields are refused: what is signed is all that there is. */
export const gateAnswerBody = z
  .strictObject({
    deploymentId: uuid,
    subjectDigest: digest,
    nonce: z.string().regex(/^[\w-]{43}$/, 'must be the nonce of the question'),
    decision: z.enum(['approve', 'reject']),
    comment: text(changeLimits.externalGateCommentCharacters).default('').meta({
      description: 'Shown to people: the number of the change, who has decided it.',
    }),
  })
  .meta({ id: 'ExternalGateAnswer' });
export type GateAnswerBody = z.output<typeof gateAnswerBody>;

export const gateAnswerOut = z
  .strictObject({ deploymentId: uuid, decision: z.enum(['approve', 'reject']) })
  .meta({ id: 'ExternalGateAnswerTaken' });
