import { z } from 'zod';
import { digest, text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';

const REASON_CHARACTERS = 1_000;
const reason = text(REASON_CHARACTERS).trim().min(1);

export const breakGlassParams = z.strictObject({ deploymentId: uuid });
export type BreakGlassParams = z.output<typeof breakGlassParams>;

export const breakGlassBody = z
  .strictObject({
    reason: reason.meta({ description: 'Why it cannot wait. It is told to everybody.' }),
    subjectDigest: digest.meta({ description: 'What you have looked at, as for an approval.' }),
  })
  .meta({ id: 'BreakGlass' });
export type BreakGlassBody = z.output<typeof breakGlassBody>;

export const reviewBody = z
  .strictObject({ verdict: z.enum(['justified', 'unjustified']), comment: reason })
  .meta({ id: 'BreakGlassReview' });
export type ReviewBody = z.output<typeof reviewBody>;

export const breakGlassQuery = pageQuery.extend({
  open: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: '`true`: only what nobody has reviewed.' }),
});
export type BreakGlassQuery = z.output<typeof breakGlassQuery>;

export const breakGlassOut = z
  .strictObject({
    id: uuid,
    deploymentId: uuid,
    module: z.string(),
    version: z.string(),
    environment: z.string(),
    requestNumber: z.int(),
    subjectDigest: z.string(),
    usedBy: z.string(),
    reason: z.string(),
    usedAt: z.iso.datetime(),
    reviewDueAt: z.iso.datetime(),
    isOverdue: z.boolean(),
    verdict: z.enum(['justified', 'unjustified']).nullable(),
    reviewedBy: z.string().nullable(),
    reviewedAt: z.iso.datetime().nullable(),
    comment: z.string().nullable(),
  })
  .meta({ id: 'BreakGlassUse' });
