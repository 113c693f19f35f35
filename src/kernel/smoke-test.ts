import { z } from 'zod';
import { text } from './text.js';

/** An HTTP check of a new instance before it gets any traffic: manifests and requests declare them. */
export const smokeTest = z.strictObject({
  path: text(1024).startsWith('/'),
  status: z.int().min(100).max(599).default(200),
  /** The answer must contain this. */
  body: text(1000).min(1).optional(),
  /** So many times in a row. */
  count: z.int().min(1).max(100).default(1),
});

export const smoke = z.strictObject({
  tests: z.array(smokeTest).min(1).max(40),
  /** For all of them together. */
  timeoutMs: z.int().min(1000).max(3_600_000),
});

export type SmokeTest = z.output<typeof smokeTest>;
export type Smoke = z.output<typeof smoke>;
