import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import { pageOf, pageQuery } from '../../platform/http/page.js';

export const holdOut = z
  .strictObject({
    id: uuid,
    module: z.string(),
    environment: z.string(),
    cluster: z.string(),
    /** What was rolled back, and what brought the version before. */
    deploymentId: uuid,
    rollbackId: uuid,
    reason: z.string().nullable(),
    placedBy: z.string(),
    placedAt: z.iso.datetime(),
    /** Null, and so are the others: it is open. */
    releasedBy: z.string().nullable(),
    releasedAt: z.iso.datetime().nullable(),
    releaseReason: z.string().nullable(),
  })
  .meta({ id: 'Hold' });

export const holdsQuery = pageQuery.extend({
  /** `released`: those that are over. */
  state: z.enum(['open', 'released']).default('open'),
});
export type HoldsQuery = z.output<typeof holdsQuery>;

export const holdPage = pageOf(holdOut).meta({ id: 'HoldPage' });
export const holdParams = z.strictObject({ id: uuid });
export type HoldParams = z.output<typeof holdParams>;

export const releaseHold = z
  .strictObject({ reason: text(500).trim().min(1) })
  .meta({ id: 'ReleaseHold' });
export type ReleaseHold = z.output<typeof releaseHold>;

export const holdExample = {
  id: '0193c2a0-7d3c-7c55-9f0e-0c51a2b3c4e1',
  module: 'web',
  environment: 'Production',
  cluster: 'eu-1',
  deploymentId: '0193c2a0-7d3c-7c55-9f0e-0c51a2b3c4e2',
  rollbackId: '0193c2a0-7d3c-7c55-9f0e-0c51a2b3c4e3',
  reason: 'orders are rejected since 2.1.0',
  placedBy: 'alice',
  placedAt: '2026-12-01T18:00:00.000Z',
  releasedBy: null,
  releasedAt: null,
  releaseReason: null,
};
