import { z } from 'zod';
import { uuid } from '../../../kernel/text.js';
import { auditLogsQuery } from '../entries/audit-logs.dto.js';

const sequence = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'must be a whole number from 0')
  .transform(Number);
const { from: since, to: until, limit: _limit, cursor: _cursor, ...names } = auditLogsQuery.shape;

/** Of `GET /audit-logs`, but for its times: `from` and `to` are sequences here. */
const filters = z.strictObject({
  ...names,
  since: since.meta({ description: 'Not older than this.' }),
  until: until.meta({ description: 'Older than this.' }),
});
export type ExportFilters = z.output<typeof filters>;
export const FILTER_NAMES = Object.keys(filters.shape) as readonly (keyof ExportFilters)[];

export const exportQuery = z.strictObject({
  from: sequence
    .optional()
    .meta({ type: 'integer', description: 'The first sequence; without it 0. Not with a filter.' }),
  to: sequence.optional().meta({
    type: 'integer',
    description:
      'The export ends at the first checkpoint of so many entries; without it at the newest.',
  }),
  before: uuid.optional().meta({
    description: 'Of a choice: the id of the last entry that is there, to go on after it.',
  }),
  ...filters.shape,
});
export type ExportQuery = z.output<typeof exportQuery>;
