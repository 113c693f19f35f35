import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import { digest } from '../../../kernel/text.js';

const wholeNumber = z
  .string()
  .regex(/^\d{1,16}$/, 'must be a whole number')
  .transform(Number);

/** The query of the long poll. A nonce makes the signed answer fresh: at least 128 random bits. */
export const desiredQuery = z.strictObject({
  after: wholeNumber.pipe(z.int().min(0)).meta({ type: 'integer', minimum: 0 }),
  waitMs: wholeNumber
    .pipe(z.int().min(0).max(limits.longPollMs))
    .meta({ type: 'integer', minimum: 0, maximum: limits.longPollMs }),
  nonce: z.string().regex(/^[\w-]{16,128}$/, 'must be 16 to 128 of A-Z a-z 0-9 _ -'),
});
export type DesiredQuery = z.output<typeof desiredQuery>;

export const artifactParams = z.strictObject({ artifactDigest: digest });
export type ArtifactParams = z.output<typeof artifactParams>;
