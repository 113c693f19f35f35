import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import { allowNoRollback, strategyChoice } from '../deployments.dto.js';

const reason = text(500).min(1);

export const rollbackRequest = z
  .strictObject({
    /** A deployment that succeeded there: what it brought comes back. Default: the one before. */
    to: uuid.optional(),
    /** Default: direct, all nodes at once. */
    strategy: strategyChoice.optional(),
    reason: reason.optional(),
    allowNoRollback: allowNoRollback.optional(),
  })
  .default({})
  .meta({ id: 'RollbackRequest' });
export type RollbackRequest = z.output<typeof rollbackRequest>;

export const retryRequest = z
  .strictObject({
    reason: reason.optional(),
    /** Default: as the deployment that is tried again. */
    allowNoRollback: allowNoRollback.optional(),
  })
  .default({})
  .meta({ id: 'RetryRequest' });
export type RetryRequest = z.output<typeof retryRequest>;
