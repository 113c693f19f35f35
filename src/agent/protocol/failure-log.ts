import { z } from 'zod';
import { failureLogLimits } from '../../kernel/failure-log-limits.js';
import { text, uuid } from '../../kernel/text.js';
import { PROTOCOL } from './protocol.js';

/**
 * POST /agent/failure-logs: once per failure, the end of what the instance or hook has printed. Not a
 * part of the report: nodes that are well send nothing of it, and control planes of earlier versions
 * may refuse it.
 */
export const failureLog = z
  .strictObject({
    protocol: z.literal(PROTOCOL),
    moduleId: uuid,
    /** Whose outcome it is, or which was serving. */
    generation: z.int().min(0),
    releaseId: uuid,
    /** The instance, or `hook-` and the name of the hook. */
    source: text(64).min(1),
    /** As in the report's reason. */
    code: text(64).min(1),
    /** Oldest first, masked. */
    lines: z.array(text(failureLogLimits.lineCharacters)).min(1).max(failureLogLimits.lines),
    /** There was more before these. */
    isCut: z.boolean(),
  })
  .refine(({ lines }) => Buffer.byteLength(lines.join('\n')) <= failureLogLimits.bytes, {
    message: `at most ${failureLogLimits.bytes} bytes together`,
    path: ['lines'],
  });

export type FailureLog = z.output<typeof failureLog>;
