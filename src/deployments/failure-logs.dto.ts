import { z } from 'zod';
import { dnsLabel, uuid } from '../kernel/text.js';

export const failureLogHead = z.strictObject({
  nodeId: uuid,
  node: z.string(),
  /** The instance, or `hook-` and the name of the hook. */
  source: z.string(),
  /** Why it failed, as the node says. */
  code: z.string(),
  at: z.string(),
});

export const failureLog = failureLogHead
  .extend({
    generation: z.int(),
    releaseId: uuid,
    /** Oldest first: 200 at most, masked, 64 KiB together. */
    lines: z.array(z.string()),
    /** There was more before these. */
    isCut: z.boolean(),
  })
  .meta({ id: 'FailureLog' });
export type FailureLog = z.output<typeof failureLog>;

export const failureLogParams = z.strictObject({
  id: uuid,
  /** Its id, or its name in the deployment's cluster. */
  node: z.union([uuid, dnsLabel]),
});
export type FailureLogParams = z.output<typeof failureLogParams>;
